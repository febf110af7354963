"""The names of roles and states, by their numbers in AT-SPI."""

from __future__ import annotations

from functools import lru_cache

__all__ = [
    "APPLICATION",
    "EXTENDED",
    "FOCUSED",
    "MANAGES_DESCENDANTS",
    "MENU",
    "SEEN",
    "TERMINAL",
    "role_name",
    "state_names",
]

# at-spi2-core 2.46, atspi-constants.h, AtspiRole: as `atspi_role_get_name` says them.
_ROLES = """
invalid,accelerator label,alert,animation,arrow,calendar,canvas,check box,check menu item,color chooser,column header,
combo box,date editor,desktop icon,desktop frame,dial,dialog,directory pane,drawing area,file chooser,filler,
focus traversable,font chooser,frame,glass pane,html container,icon,image,internal frame,label,layered pane,list,
list item,menu,menu bar,menu item,option pane,page tab,page tab list,panel,password text,popup menu,progress bar,
push button,radio button,radio menu item,root pane,row header,scroll bar,scroll pane,separator,slider,spin button,
split pane,status bar,table,table cell,table column header,table row header,tearoff menu item,terminal,text,
toggle button,tool bar,tool tip,tree,tree table,unknown,viewport,window,extended,header,footer,paragraph,ruler,
application,autocomplete,editbar,embedded,entry,chart,caption,document frame,heading,page,section,redundant object,form,
link,input method window,table row,tree item,document spreadsheet,document presentation,document text,document web,
document email,comment,list box,grouping,image map,notification,info bar,level bar,title bar,block quote,audio,video,
definition,article,landmark,log,marquee,math,rating,timer,static,math fraction,math root,subscript,superscript,
description list,description term,description value,footnote,content deletion,content insertion,mark,suggestion,
push button menu
"""
_ROLE_NAMES = tuple(name.strip() for name in _ROLES.split(","))

# The same, AtspiStateType, as OSWorld writes them.
_STATES = """
invalid,active,armed,busy,checked,collapsed,defunct,editable,enabled,expandable,expanded,focusable,focused,has_tooltip,
horizontal,iconified,modal,multi_line,multiselectable,opaque,pressed,resizable,selectable,selected,sensitive,showing,
single_line,stale,transient,vertical,visible,manages_descendants,indeterminate,required,truncated,animated,
invalid_entry,supports_autocompletion,selectable_text,is_default,visited,checkable,has_popup,read_only
"""
_STATE_NAMES = tuple(name.strip() for name in _STATES.split(","))

APPLICATION = _ROLE_NAMES.index("application")
MENU = _ROLE_NAMES.index("menu")
TERMINAL = _ROLE_NAMES.index("terminal")
EXTENDED = _ROLE_NAMES.index("extended")
"""The role of an object that has a name of its own for what it is."""

FOCUSED = 1 << _STATE_NAMES.index("focused")
MANAGES_DESCENDANTS = 1 << _STATE_NAMES.index("manages_descendants")
SEEN = 1 << _STATE_NAMES.index("showing") | 1 << _STATE_NAMES.index("visible")


def role_name(role: int) -> str | None:
    """What a role is called, or None if only the object knows."""
    if role == EXTENDED or not 0 <= role < len(_ROLE_NAMES):
        return None
    return _ROLE_NAMES[role]


@lru_cache(maxsize=1024)
def state_names(states: int) -> tuple[str, ...]:
    """The names of the states in a set of bits, in the order of their numbers."""
    return tuple(name for number, name in enumerate(_STATE_NAMES) if states >> number & 1)
