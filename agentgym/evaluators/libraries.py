"""Which optional libraries a metric, getter or step calls, and the extra that each comes with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec

__all__ = ["EXTRAS", "LIBRARIES", "install_line", "missing_libraries"]

EXTRAS: Mapping[str, str] = {
    "bs4": "browser",
    "playwright": "browser",
    "tldextract": "browser",
    "imagehash": "images",
    "skimage": "images",
    "fastdtw": "media",
    "librosa": "media",
    "mutagen": "media",
    "scipy": "media",
    "easyocr": "ocr",
    "docx": "office",
    "odf": "office",
    "openpyxl": "office",
    "pandas": "office",
    "pptx": "office",
    "pymupdf": "pdf",
    "pypdf": "pdf",
    "reasoning_gym": "reasoning",
}
"""By the library's name in an import."""

_CALLERS: Mapping[str, Sequence[str]] = {
    "bs4": ("check_html_background_image", "compare_htmls"),
    "docx": (
        *("check_docx_paragraphs", "check_highlighted_words", "check_italic_font_size_14", "check_tabstops"),
        *("compare_docx_files", "compare_docx_files_and_ignore_new_lines", "compare_docx_images"),
        *("compare_docx_tables", "compare_font_names", "compare_line_spacing", "compare_references"),
        *("compare_subscript_contains", "compare_unique_train_records", "contains_page_break"),
        *("evaluate_colored_words_in_tables", "evaluate_strike_through_last_paragraph", "fuzzy_place_math"),
        *("has_page_numbers_in_footers", "is_first_line_centered"),
    ),
    "easyocr": ("compare_image_text",),
    "fastdtw": ("compare_audios",),
    "imagehash": ("compare_pdf_images", "compare_videos"),
    "librosa": ("compare_audios",),
    "mutagen": ("check_mp3_meta",),
    "openpyxl": ("compare_conference_city_in_order", "compare_table", "content_from_vm_file"),
    "pandas": ("compare_table",),
    "playwright": (
        *("active_tab_html_parse", "active_tab_info", "bookmarks", "chrome_appearance_mode_ui"),
        *("chrome_close_tabs", "chrome_color_scheme", "chrome_font_size", "chrome_language"),
        *("chrome_open_tabs", "chrome_saved_address", "data_delete_automacally", "default_search_engine"),
        *("enable_do_not_track", "enable_enhanced_safety_browsing", "enable_safe_browsing"),
        *("enabled_experiments", "find_installed_extension_name", "find_unpacked_extension_path"),
        *("gotoRecreationPage_and_get_html_content", "info_from_website", "login", "new_startup_page"),
        *("number_of_search_results", "open_tabs_info", "page_info", "profile_name"),
    ),
    "pptx": (
        *("check_image_stretch_and_center", "check_slide_orientation_Portrait", "compare_pptx_files"),
        "evaluate_presentation_fill_to_rgb_distance",
    ),
    "pymupdf": ("compare_pdf_images", "compare_pdfs"),
    "pypdf": ("check_pdf_pages", "compare_zip_files"),
    "reasoning_gym": ("reasoning_gym",),
    "scipy": ("compare_audios",),
    "skimage": (
        *("check_contrast_increase_and_structure_sim", "check_file_exists_and_structure_sim"),
        *("check_image_mirror", "check_palette_and_structure_sim", "check_saturation_increase_and_structure_sim"),
        *("check_structure_sim", "check_structure_sim_resized", "check_structure_sim_with_threshold"),
        *("compare_images", "evaluate_colored_words_in_tables"),
    ),
    "tldextract": ("is_cookie_deleted", "is_expected_active_tab", "is_expected_tabs"),
}

LIBRARIES: Mapping[str, Sequence[str]] = {
    name: tuple(library for library, callers in _CALLERS.items() if name in callers)
    for names in _CALLERS.values()
    for name in names
}
"""By the name of a metric, getter or step, what it always calls; not odfpy, which only an .odt takes."""


def missing_libraries(libraries: Iterable[str]) -> list[str]:
    """Those that are not installed."""
    return [library for library in libraries if find_spec(library) is None]


def install_line(libraries: Iterable[str]) -> str:
    """What to type for them."""
    extras = dict.fromkeys(EXTRAS[library] for library in libraries)
    return f"pip install 'agentgym-envs[{','.join(extras)}]'"
