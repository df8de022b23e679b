"""The place of the agreement harness: gold, agreement, spans, open-code matching, uncertainty, report. Nothing yet."""
