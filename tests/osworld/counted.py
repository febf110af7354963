"""What OSWorld's 369 tasks name, as it was counted: metrics, getters and steps with their parameters, options.

124 of the tasks are not in `tasks/`; what is counted here holds for them, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["GETTERS", "METRICS", "OPTIONS", "STEPS"]

METRICS: Sequence[str] = (
    *("check_accessibility_tree", "check_auto_saving_time", "check_brightness_decrease_and_structure_sim"),
    *("check_config_status", "check_contrast_increase_and_structure_sim", "check_csv", "check_direct_json_object"),
    *("check_file_exists_and_structure_sim", "check_font_size", "check_global_key_play_pause"),
    *("check_gnome_favorite_apps", "check_green_background", "check_highlighted_words", "check_history_deleted"),
    *("check_image_file_size", "check_image_mirror", "check_image_size", "check_image_stretch_and_center"),
    *("check_include_exclude", "check_italic_font_size_14", "check_json", "check_json_keybindings"),
    *("check_json_settings", "check_left_panel", "check_line_number", "check_list", "check_moved_jpgs"),
    *("check_mp3_meta", "check_one_instance_when_started_from_file", "check_page_number_colors"),
    *("check_palette_and_structure_sim", "check_pdf_pages", "check_play_and_exit", "check_presenter_console_disable"),
    *("check_python_file_by_test_suite", "check_qt_bgcone", "check_qt_max_volume", "check_qt_minimal_view"),
    *("check_qt_slider_colours", "check_saturation_increase_and_structure_sim", "check_slide_orientation_Portrait"),
    *("check_structure_sim", "check_structure_sim_resized", "check_structure_sim_with_threshold", "check_tabstops"),
    *("check_textbox_on_leftside", "check_thunderbird_filter", "check_thunderbird_folder", "check_thunderbird_prefs"),
    *("check_transition", "check_triangle_position", "compare_archive", "compare_audios"),
    *("compare_conference_city_in_order", "compare_config", "compare_csv", "compare_docx_files"),
    *("compare_docx_files_and_ignore_new_lines", "compare_docx_images", "compare_docx_tables", "compare_epub"),
    *("compare_font_names", "compare_htmls", "compare_image_list", "compare_image_text", "compare_images"),
    *("compare_line_spacing", "compare_pdf_images", "compare_pdfs", "compare_pptx_files", "compare_python_pure_text"),
    *("compare_references", "compare_result_files", "compare_subscript_contains", "compare_table"),
    *("compare_text_file", "compare_unique_train_records", "compare_videos", "compare_zip_files"),
    *("contains_page_break", "diff_text_file", "evaluate_colored_words_in_tables"),
    *("evaluate_presentation_fill_to_rgb_distance", "evaluate_strike_through_last_paragraph", "exact_match"),
    *("file_contains", "find_default_font", "fuzzy_place_math", "has_page_numbers_in_footers", "infeasible"),
    *("is_added_to_steam_cart", "is_cookie_deleted", "is_expected_active_tab", "is_expected_active_tab_approximate"),
    *("is_expected_bookmarks", "is_expected_installed_extensions", "is_expected_search_query", "is_expected_tabs"),
    *("is_expected_url_pattern_match", "is_extension_installed", "is_first_line_centered", "is_in_list"),
    *("is_in_vm_clickboard", "is_shortcut_on_desktop", "is_utc_0", "is_vlc_fullscreen", "is_vlc_playing"),
    *("is_vlc_recordings_folder", "literal_match", "match_in_list", "run_sqlite3"),
)

_GOTO = {"goto_prefix": ("str",)}
_SLIDE = {"dest": ("str",), "ppt_file_path": ("str",), "slide_index": ("int",)}

GETTERS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "accessibility_tree": {},
    "active_tab_html_parse": {
        "category": ("str",),
        "goto_prefix": ("str",),
        "class_singleObject": ("dict",),
        "class_multiObject": ("dict",),
        "xpathObject": ("dict",),
        "class_multiObject_child": ("dict",),
        "class_multiObject_li": ("dict",),
        "class_multiObject_only_child": ("dict",),
        "class_multiObject_search_exist": ("dict",),
        "inputObject": ("dict",),
        "url_include_expected": ("list",),
        "url_include_expected_multichoice": ("dict",),
    },
    "active_tab_info": _GOTO,
    "active_tab_url_parse": {
        "goto_prefix": ("str",),
        "parse_keys": ("list",),
        "replace": ("dict",),
        "split_list": ("bool",),
    },
    "active_url_from_accessTree": _GOTO,
    "audio_in_slide": _SLIDE,
    "background_image_in_slide": _SLIDE,
    "bookmarks": {},
    "cache_file": {"path": ("str",)},
    "chrome_appearance_mode_ui": {},
    "chrome_font_size": {},
    "cloud_file": {
        "dest": (
            "str",
            "list",
        ),
        "path": (
            "str",
            "list",
        ),
        "multi": (
            "bool",
            "str",
        ),
        "gives": ("list",),
    },
    "content_from_vm_file": {"file_content": ("str",), "file_type": ("str",), "path": ("str",)},
    "cookie_data": {"dest": ("str",)},
    "data_delete_automacally": {},
    "default_search_engine": {},
    "default_video_player": {},
    "enable_do_not_track": {},
    "enable_safe_browsing": {},
    "find_installed_extension_name": {},
    "find_unpacked_extension_path": {},
    "gimp_config_file": {"dest": ("str",), "file_name": ("str",)},
    "googledrive_file": {
        "settings_file": ("str",),
        "dest": (
            "str",
            "list",
        ),
        "path": ("list",),
        "path_list": ("list",),
        "query": ("list",),
        "query_list": ("list",),
    },
    "gotoRecreationPage_and_get_html_content": {"class": ("str",), "order": ("str",), "selector": ("str",)},
    "history": {"dest": ("str",)},
    "info_from_website": {"backups": ("list",), "infos": ("list",), "url": ("str",)},
    "list_directory": {"path": ("str",)},
    "new_startup_page": {},
    "open_tabs_info": {},
    "page_info": {"url": ("str",)},
    "pdf_from_url": {"dest": ("str",), "path": ("str",)},
    "profile_name": {},
    "rule": {
        "rules": (
            "dict",
            "list",
        )
    },
    "rule_relativeTime": {"rules": ("dict",)},
    "shortcuts_on_desktop": {},
    "url_dashPart": {
        "goto_prefix": ("str",),
        "key": ("str",),
        "needDeleteId": ("bool",),
        "partIndex": ("int",),
        "returnType": ("str",),
    },
    "url_path_parse": {"goto_prefix": ("str",), "parse_keys": ("list",)},
    "vlc_config": {"dest": ("str",)},
    "vlc_playing_info": {"dest": ("str",)},
    "vm_command_error": {"command": ("list",)},
    "vm_command_line": {
        "command": (
            "str",
            "list",
        ),
        "shell": (
            "bool",
            "str",
        ),
    },
    "vm_file": {
        "dest": (
            "str",
            "list",
        ),
        "path": (
            "str",
            "list",
        ),
        "multi": (
            "bool",
            "str",
        ),
        "gives": ("list",),
    },
    "vm_screen_size": {},
    "vm_terminal_output": {},
    "vm_wallpaper": {"dest": ("str",)},
    "vm_window_size": {"app_class_name": ("str",)},
    "vscode_config": {"dest": ("str",), "path": ("str",), "vscode_extension_command": ("str",)},
}
"""By the getter's name: its parameters, and the kinds of value that each has."""

STEPS: Mapping[str, Sequence[str]] = {
    "activate_window": ("window_name", "strict", "by_class"),
    "chrome_close_tabs": ("urls_to_close",),
    "chrome_open_tabs": ("urls_to_open",),
    "close_window": ("window_name", "strict", "by_class"),
    "command": ("command", "shell", "stdout", "stderr", "until"),
    "download": ("files",),
    "execute": ("command", "shell", "stdout", "stderr", "until"),
    "googledrive": ("settings_file", "operation", "args"),
    "launch": ("command", "shell"),
    "login": ("settings_file", "platform"),
    "open": ("path",),
    "sleep": ("seconds",),
    "update_browse_history": ("history",),
}
"""By the step's name, its parameters."""

OPTIONS: Sequence[str] = (
    *("_note", "approximately_tolerance", "containment_ok", "content_only", "delete_empty_lines"),
    *("examine_alignment", "examine_background_color", "examine_bullets", "examine_color_rgb", "examine_font_bold"),
    *("examine_font_italic", "examine_font_name", "examine_font_size", "examine_font_underline"),
    *("examine_image_size", "examine_modify_height", "examine_right_position", "examine_run_count", "examine_shape"),
    *("examine_shape_lenient_height", "examine_strike_through", "examine_table_bottom_position"),
    *("examine_title_bottom_position", "examine_top_position", "file_path", "file_type", "fuzzy_match"),
    *("ignore_blanks", "ignore_case", "ignore_order", "ignore_sdnum", "index", "is_yaml", "reference_base_result"),
    *("remove_deleted", "remove_duplicate", "rules", "ssim_threshold", "threshold", "type"),
    *("word_number_split_by_tabstop",),
)
"""What metrics are told, whichever they are."""
