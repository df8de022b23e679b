"""The English sentences of reports on agreement: answers, notes, methods paragraph, limits. Data."""

from __future__ import annotations

EN_PROSE: dict[str, str] = {
    # warnings
    "warn_sample": "Compared with sample gold",
    "warn_sample_text": (
        "The sample gold comes with the program and is there for trying things out. No study can rest on these "
        "figures: code your own material and compare again."
    ),
    "warn_tuned": "Tuned on test",
    "warn_tuned_text": (
        "Prompt or codebook changed after the test split had been opened. The figures are likely too high; they "
        "need fresh test material."
    ),
    "warn_changed": "The test gold changed between openings",
    "warn_changed_text": (
        "The codings of the test split changed between one opening and another, so figures rest on different gold. "
        "Say so where you give them."
    ),
    "warn_baseline": "No language model in this report",
    "warn_baseline_text": (
        "The only runs are of the keyless baseline, no language model. They show what looking up words reaches."
    ),
    # the answer
    "answer_run": "{run}: {parts}.",
    "answer_more": " {n} further runs stand below.",
    "answer_missing": " ({n} of {units} units not answered: missing, not “no code”)",
    "answer_open": (
        "{run}: finds {recall} of the people's open codes and has {novelty} of its own that no person gave "
        "(tau {tau}, {calibrated}). Read them; do not take them as right or wrong."
    ),
    "answer_no_verdict": "{run}: no verdict, there is nothing to compare.",
    "answer_ready": "usable with spot checks: {codes}",
    "answer_assist": "only as suggestions that a person decides on: {codes}",
    "answer_not_supported": "not to be used: {codes}",
    "answer_insufficient": "not enough data to say: {codes}",
    "answer_evidence": "Evidence: {units} {unit} in {documents} documents, read by {coders} coders ({gold}).",
    "answer_no_evidence": "Evidence: none yet; no unit has been coded by a person.",
    "answer_alpha": "All codes together, {run}: Krippendorff's alpha with Jaccard distance {value}",
    "answer_alpha_people": "; {among} {value}",
    "answer_next": "Next: {what}.",
    "next_second_coder": (
        "let a second person code the same units, so that there is something to hold the figures against"
    ),
    "next_more_data": "code more documents in which the codes without a verdict occur",
    "next_rate": "have the codes that only the run gave rated blind (codart eval novel)",
    "next_read": "read the disagreements below, code by code",
    "stance_reliability": (
        "Agreement is taken as evidence on the coding. The thresholds were set before the comparison."
    ),
    "stance_codebook": "Agreement is taken as a check of the codebook and of the prompt, not as a measure of truth.",
    "stance_reflexive": (
        "Reflexive work asks for no agreement between coders. The comparison is offered as points for discussion: "
        "no coefficients, no verdicts."
    ),
    # notes
    "blind_note": "Who sees suggestions while coding tends to follow them; agreement is then too high.",
    "card_note": "The keyless baseline looks words up in the codebook; it is no language model.",
    "quotes_none": "No quotes were recorded, so none could be checked.",
    "quotes_note": "Suggestions whose quote was not found never enter agreement.",
    "codes_read": (
        "Codes are sorted by positive agreement. The band and the open diamond are the value {among}; the dashed "
        "tick is what a coder without error would reach against one such coder."
    ),
    "forest_desc": (
        "Positive agreement of each run by code with its interval, beside the value {among} and its square root."
    ),
    "codes_note": (
        "Compared: the {judge} with {against}. TP: both gave the code, FP: only the {judge}, FN: only {people}, "
        "TN: neither. Below each value its interval, then the value {among}."
    ),
    "against_mean": "each coder ({gold}), mean over them (counts are summed)",
    "meeting_desc": (
        "Counts of units by code of {people} and code of the {judge}; the last row and column count no code."
    ),
    "scatter_desc": "Each circle is a code; the larger, the more often it was given.",
    "scatter_none": "No code has a value to set against how often it is given.",
    "summary_line": (
        "{run}, Krippendorff's alpha with {distance} between sets of codes: {value}; {among}: {people_value}."
    ),
    "overall_note": (
        "Two empty sets of codes are alike. Every alpha belongs to its distance; values of two distances are not "
        "comparable."
    ),
    "spans_note": (
        "Below each value its interval, then the value {among}. Over all codes, u-alpha is taken on sets of codes "
        "with Jaccard distance."
    ),
    "uncertainty_text": (
        "95% intervals are made over documents, not over units, because units of one document resemble each other: "
        "{methods}; {documents} documents."
    ),
    "uncertainty_none": "No intervals: {documents} documents are too few, or the figures do not vary between them.",
    "missing_units": "{n} units have no answer of the {judge} and are left out of the comparison.",
    "worst_case": " Counted as wrong on every code, Krippendorff's alpha with Jaccard distance would be {value}.",
    "gap_note": (
        "Above 0: closer to {people} than they are to each other. That is possible and no error; it does not show "
        "that the {judge} is right. The ceiling is the square root of the value {among}."
    ),
    "power_note": "Further documents: how many more, of the same sort, until the interval's half width is about .10.",
    "replacement_none": "The {judge} was not tested: the test needs two coders or more ({gold}).",
    "replacement_text": "Alternative annotator test, ε = {epsilon} ({why}).",
    "replacement_note": (
        "Winning rate: share of {people} that it is at least as close to the others as, but for ε. Where a "
        "trivial coder passes too, the test is uninformative."
    ),
    "note_people": "{n} coders; the test asks for {least} or more.",
    "note_items": "{n} items; the test asks for {least} or more.",
    "trivial_note": "These coders have not read a word. A run is worth something only above them.",
    "stability_none": "The runs were not repeated, so it is not known how stable they are.",
    "stability_desc": "How far a run agrees with its repeats, over all codes and by code.",
    "stability_note": (
        "Stability is no validity: a run can make the same mistake each time. Over all codes: alpha with Jaccard "
        "distance."
    ),
    "compare_note": "The interval is of the difference itself. Holm: p corrected for the number of codes.",
    "differential_note": "Missed: of the codes {people} gave; added: of the codes the run gave.",
    "documents_text": "Documents with the lowest agreement come first.",
    "caterpillar_desc": "Mean Jaccard index of each document, run against {people}, with the value {among} beside it.",
    "prevalence_text": (
        "For statements on how often codes occur, use the corrected columns: they join {gold} with the run's "
        "codings of the whole material."
    ),
    "prevalence_note": (
        "The run's own share is biased and stands there only for comparison; its interval is too narrow to be believed."
    ),
    "calibration_none": "There are no confidences to test.",
    "calibration_text": (
        "Confidence from {source}, {items} suggestions: Brier score {brier}, expected calibration error {ece}, "
        "area under the risk–coverage curve {aurc}"
    ),
    "accept_none": "No share of the suggestions can be taken over unseen with at most 5% errors.",
    "accept_text": (
        "Suggestions with confidence {least} or more ({share} of all, {accepted} in number, {errors} of them "
        "wrong) can be taken over unseen; the error rate there is at most {bound}, with 95% confidence."
    ),
    "reliability_desc": "Points above the diagonal: more often right than the confidence says.",
    "risk_desc": (
        "Share of errors as more and more suggestions are taken over, most confident first, with a line at 5%."
    ),
    "method_jackknife": "delete-one-document jackknife with Student’s t, {n} degrees of freedom",
    "method_bootstrap": "cluster bootstrap over documents, {n} resamples, percentiles",
    # open codes
    "inductive_text": (
        "{units} units in {documents} documents. Codes are compared by {embedder} ({compares}); two codes are "
        "alike from {tau} on ({source}; {used} judgements used, {needed} asked for: {calibrated}). Similarity is "
        "not correctness."
    ),
    "tau_calibrated": "calibrated",
    "tau_not_calibrated": "not calibrated",
    "open_means_note": (
        "Recall and precision: share of reference codes, of the coder's own, in the one-to-one matching. Covered: "
        "reference codes like at least one. Novelty: own codes like none; novel codes are not errors. Redundancy: "
        "own codes that could go."
    ),
    "standing_note": (
        "{largest} of the codes lie in the largest group; a high share means that the threshold is too low."
    ),
    "curve_note": (
        "Similarity above chance {adjusted} (permutation test, p: {p}). Share of units with an identical label: "
        "{identical}. Only codes on the same words: {anchored}."
    ),
    "inductive_reflexive": "Codes with like words on either side, and codes that only one side has.",
    "saturation_at": "{coder}: no more than 5% new codes from document {at} on (base {base}, runs of {run} documents).",
    "saturation_never": "{coder}: not saturated in this material (base {base}, runs of {run} documents).",
    "saturation_undefined": "{coder}: {reason}.",
    "saturation_desc": (
        "Codes seen after each document, by coder, with the middle 95% over random orders of the documents."
    ),
    "saturation_note": "Saturation is of this codebook in this order of documents; the bands show other orders.",
    # what to mend
    "todo_definition": "mend the definition of “{code}”: agreement {among} is low too",
    "todo_prompt": "mend the prompt for “{code}”: only the model differs",
    "todo_confusion": "tell “{code}” and “{other}” apart more sharply",
    "todo_note": "Figures: Cohen's kappa.",
    "browser_note": (
        "Gold that is mended after seeing the model is no longer blind. Keep both versions and report the figures "
        "of both."
    ),
    "browser_note_reflexive": "Places where the readings differ. None of them is a mistake.",
    # methods paragraph
    "m_material": "{units} of {material} {unit} in {documents} documents were compared{split}.",
    "m_split.all": "",
    "m_split.dev": " (development split)",
    "m_split.test": " (test split)",
    "m_nobody": "No person has coded them yet.",
    "m_people": "They were coded by {n} coders ({names}).",
    "m_double": "{n} were coded by two or more of them.",
    "m_blind": "{names} coded without seeing suggestions.",
    "m_seeing": "{names} could see suggestions while coding.",
    "m_blind_unknown": "For {names} it is not recorded whether suggestions were visible.",
    "m_sample_gold": "These codings are sample gold that comes with the program.",
    "m_sample": "{n} units were drawn at random from {frame} (seed {seed}); {coded} of them were coded.",
    "m_run": "Suggestions ({run}) were made by {model} ({facts}).",
    "m_baseline": "As a keyless baseline, no language model, words of the codebook were looked up ({run}).",
    "m_quotes": "{kept} of {proposed} quotes proposed were found verbatim in the source; the others were discarded.",
    "m_open": (
        "Open codes were matched one to one by the similarity of labels and quotes (embedder "
        "{embedder}, which {compares}) at tau = {tau} "
        "({calibrated}); no coefficient was computed on labels. Every coder was compared with every person."
    ),
    "m_open_run": "{coder}: recall {recall}, precision {precision}, novelty {novelty}.",
    "m_metrics": (
        "Agreement was computed for each code (Cohen's kappa, Krippendorff's alpha, positive and negative "
        "agreement) as the mean over coders of the comparison with each, and set beside the value {among}."
    ),
    "m_metrics_one": (
        "Agreement with one coder was computed for each code (Cohen's kappa, Krippendorff's alpha, positive and "
        "negative agreement); there was no second coder to compare with."
    ),
    "m_intervals": "95% intervals were made over the {documents} documents ({methods}).",
    "m_no_intervals": "There were too few documents for intervals.",
    "m_alpha": "Over all codes, Krippendorff's alpha with Jaccard distance was {value} for {run}",
    "m_alpha_people": " and {value} {among}",
    "m_stop": ".",
    "m_replacement": "The alternative annotator test was made with ε = {epsilon} ({why}).",
    "m_lock": "The test split was locked on {created}; openings so far: {openings}.",
    "m_tuned": "Prompt or codebook changed after the test split had been opened (tuned on test).",
    "m_nothing": "Nothing has been compared yet.",
    "m_reflexive": (
        "Differences between the readings were used as points for discussion; agreement was not computed, in "
        "keeping with a reflexive stance."
    ),
    "check_validation_text": "{units} {unit} in {documents} documents compared with {gold}; figures by code above",
    # limits
    "limit_validity": "Agreement is not validity: coders can share a mistake.",
    "limit_parity": "As good as the people is not good where the people disagree.",
    "limit_memory": "Texts that can be found on the web may be among what a model was trained on.",
    "limit_material": "The report is about this material and this codebook; other material can give other results.",
    "limit_overlap": "Overlapping intervals do not show that two figures are equal.",
    "limit_ceiling": (
        "A model above the value {among} is possible and no error; it does not show that the model is right."
    ),
    "limit_one_person": "With one coder there is no ceiling: how far a second person would agree is not known.",
    # reflexive
    "points_data": "{units} {unit} in {documents} documents were read by {people} and by the runs below.",
    "points_run": "{run}: {n} places are read differently, most often {codes}.",
    "points_same": "{run}: no place is read differently.",
    "points_next": "Begin with these places below: what does each reading see that the other does not?",
}
