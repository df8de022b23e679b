"""The agreement harness: how far codings agree, how sure that is, and what may be claimed from it. Offline and pure.

`plain` reads codings from JSONL files and `scoring` compares two such files by every metric (`codart eval score`).
Under them: `ratings` and `statistic` (what is measured), `agreement`, `alpha`, `yes_no` and `sets` (codes of units),
`spans` and `unitizing` (marked text), `uncertainty` (intervals over documents), `measures` and `ceilings` (metrics by
id, humans beside the model). Import as `from eval.scoring import score_files`: the name alone would hide the builtin.
"""
