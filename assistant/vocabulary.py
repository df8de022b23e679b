"""The closed lists of words that values are made of. Pure, and light: the command line reads its choices here."""

from __future__ import annotations

from typing import Literal

DocumentKind = Literal["article", "interview", "forum", "report", "table", "subtitles", "other"]
SegmentKind = Literal["paragraph", "heading", "table", "turn"]
SegmentSize = Literal["sentence", "paragraph", "turn"]
SuggestionKind = Literal["open", "assignment"]
QuoteStatus = Literal["exact", "folded", "edited", "ambiguous", "not_found"]
QuoteFlag = Literal["clipped_negation", "clipped_number", "outside_segment"]
RecordState = Literal["suggested", "accepted", "edited", "rejected"]
UnitState = Literal["pending", "coded", "none", "failed", "refused"]
CoderKind = Literal["human", "model", "gold"]
Action = Literal["accept", "edit", "reject"]
Polarity = Literal["+", "-", "±"]
Modality = Literal["practised", "promised", "claimed", "judged"]
Voice = Literal["firm", "user", "third_party", "author"]
Support = Literal["yes", "partly", "no"]
Role = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length", "refusal", "content_filter"]
Flaw = Literal[
    "edited",  # the quote is near the source but words were changed
    "ambiguous",  # the quote stands more than once where nothing settles which
    "not_found",  # the quote does not stand in the segment
    "no_quote",  # a code without a quote
    "no_code",  # a quote without a code
    "unknown_code",  # a code id that is not in the codebook
    "wrong_segment",  # an answer about a segment that was not asked about
    "bad_field",  # a field of the wrong type or with a value out of range
    "duplicate",  # the same code on the same words twice in one reply
    "truncated",  # the item was cut off at the end of the reply
]
