"""A file's first bytes and extension in; a ReadingError out where they do not belong together. Pure."""

from __future__ import annotations

import re

from assistant.errors import ReadingError

# Extensions people try, with the way to something readable.
_WAYS_OUT = {
    ".doc": "Open it in Word and save it as .docx.",
    ".wps": "Open it in WPS and save it as .docx.",
    ".rtf": "Open it in Word and save it as .docx.",
    ".odt": "Open it in LibreOffice or Word and save it as .docx.",
    ".pages": "Export it from Pages as .docx.",
    ".xls": "Open it in Excel and save it as .xlsx.",
    ".et": "Open it in WPS and save it as .xlsx.",
    ".ods": "Open it in LibreOffice or Excel and save it as .xlsx.",
    ".ppt": "Save it as PDF.",
    ".pptx": "Save it as PDF.",
    ".caj": "Export it from CAJViewer as PDF.",
    ".epub": "Convert it to HTML or PDF.",
    ".mht": "Save the page as HTML instead of a web archive.",
    ".mhtml": "Save the page as HTML instead of a web archive.",
}
_UNPACK = "Unpack it and add the files inside."
_OCR = "Run text recognition (OCR) first and add its text or searchable PDF."
_TRANSCRIBE = "Transcribe it first and add the transcript or subtitles."
_BY_KIND = {
    "an image": _OCR,
    "a recording": _TRANSCRIBE,
    "an archive": _UNPACK,
    "an old Word or Excel file or one with a password": "Save a copy as .docx or .xlsx without a password.",
    "an RTF file": _WAYS_OUT[".rtf"],
    "a database": "Export its texts as CSV.",
}
_EXTENSIONS_BY_KIND = {
    "an image": "png jpg jpeg gif bmp tif tiff webp heic",
    "a recording": "mp3 mp4 m4a wav aac flac ogg mov avi mkv amr",
    "an archive": "zip rar 7z gz tar",
}
_MAGIC = (
    (re.compile(rb"%PDF-"), "a PDF"),
    (re.compile(rb"PK(?:\x03\x04|\x05\x06)"), "a zip file"),
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "an old Word or Excel file or one with a password"),
    (re.compile(rb"\{\\rtf"), "an RTF file"),
    (re.compile(rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP|II\*\0|MM\0\*", re.DOTALL), "an image"),
    (re.compile(rb"ID3[\x02-\x04]|.{4}ftyp|OggS|RIFF.{4}(?:WAVE|AVI )|fLaC|#!AMR", re.DOTALL), "a recording"),
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07"), "an archive"),
    (re.compile(rb"SQLite format 3\0"), "a database"),
)
_WANTED = {".pdf": "a PDF", ".docx": "a zip file", ".xlsx": "a zip file"}  # every other extension: no magic at all
_NAMES = {".pdf": "a PDF", ".docx": "a Word file", ".xlsx": "an Excel file"}
_PDF_HEADER_WITHIN = 1024  # bytes of junk that readers tolerate before it (ISO 32000-1, Annex H)


def way_out(extension: str) -> str:
    """What helps with a file whose extension is not supported; "" when nothing is known about it."""
    if extension in _WAYS_OUT:
        return _WAYS_OUT[extension]
    bare = extension.removeprefix(".")
    return next((_BY_KIND[kind] for kind, names in _EXTENSIONS_BY_KIND.items() if bare in names.split()), "")


def check(data: bytes, extension: str) -> None:
    """Raise ReadingError unless the first bytes of `data` suit `extension`."""
    wanted = _WANTED.get(extension, "")
    found = next((kind for magic, kind in _MAGIC if magic.match(data)), "")
    if wanted == "a PDF" and b"%PDF-" in data[:_PDF_HEADER_WITHIN]:
        return
    if found == wanted:
        return
    if not found:
        raise ReadingError(
            f"it is not {_NAMES[extension]}, whatever its name says",
            "Give it the extension of what it is, or open it in the program it comes from and save it again.",
        )
    raise ReadingError(f"it is {found}, whatever its name says", _BY_KIND.get(found, _rename(found)))


def _rename(found: str) -> str:
    if found == "a PDF":
        return "Give it the extension .pdf."
    return "Give it the extension .docx or .xlsx if it is a Word or Excel file; otherwise unpack it."
