"""An application with widgets of all ordinary kinds, for the tests of the qt backend."""

from __future__ import annotations

from PySide6.QtCore import QDate, QMimeData, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCursor,
    QDrag,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QCompleter,
    QDateEdit,
    QDialog,
    QDialogButtonBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QMenuBar,
    QMessageBox,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QScrollBar,
    QSlider,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App

FRUIT = ("Apple", "Apricot", "Banana", "Blackberry", "Cherry", "Damson", "Elderberry", "Fig", "Grape")


class Gallery(App):
    """Four pages of widgets, a menu bar, a context menu and a dialogue."""

    def build(self) -> None:
        self.said: list[str] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setMenuBar(self.menu_bar())
        self.tabs = QTabWidget()
        for name, page in (
            ("Type", self.type_page()),
            ("Choose", self.choose_page()),
            ("Press", self.press_page()),
            ("Trees", self.tree_page()),
        ):
            self.tabs.addTab(page, name)
        layout.addWidget(self.tabs)

    def solve(self) -> Action | None:
        return None if self.is_over else Click(*self.place(self.tabs))

    def menu_bar(self) -> QMenuBar:
        bar = QMenuBar()
        self.file = bar.addMenu("&File")
        self.act(self.file, "&Open", "Ctrl+O")
        self.more = self.file.addMenu("&More")
        self.act(self.more, "Deep", "")
        tick = self.act(self.file, "&Tick", "")
        tick.setCheckable(True)
        self.act(bar.addMenu("&Edit"), "&Undo", "Ctrl+U")
        return bar

    def act(self, menu: QMenu, name: str, keys: str) -> QAction:
        action: QAction = menu.addAction(name)
        action.setShortcut(keys)
        action.triggered.connect(lambda: self.said.append(name))
        return action

    def type_page(self) -> QWidget:
        self.line = QLineEdit()
        self.line.setClearButtonEnabled(True)
        self.line.editingFinished.connect(lambda: self.said.append("edited"))
        self.secret = QLineEdit()
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.text = QPlainTextEdit()
        self.number = QSpinBox()
        self.date = QDateEdit(QDate(2026, 3, 4))
        self.guess = QLineEdit()
        self.guess.setCompleter(QCompleter(FRUIT))
        return self.page(self.line, self.secret, self.text, self.number, self.date, self.guess)

    def choose_page(self) -> QWidget:
        self.combo = QComboBox()
        self.combo.addItems(FRUIT[:4])
        self.list = QListWidget()
        self.list.addItems(FRUIT)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self.open_context_menu)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.bar = QScrollBar(Qt.Orientation.Horizontal)
        return self.page(self.combo, self.list, self.slider, self.bar)

    def press_page(self) -> QWidget:
        self.button = QPushButton("Press me")
        self.button.setToolTip("A tip")
        self.button.clicked.connect(lambda: self.report(0.5))
        self.check = QCheckBox("A box")
        self.radios = [QRadioButton("One"), QRadioButton("Two")]
        group = QGroupBox("A group")
        inner = QVBoxLayout(group)
        for radio in self.radios:
            inner.addWidget(radio)
        self.opener = QPushButton("Ask")
        self.opener.clicked.connect(self.open_dialog)
        self.drop = QToolButton()
        self.drop.setText("Drop")
        self.drop.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.drop)
        self.act(menu, "First", "")
        self.drop.setMenu(menu)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.done = QProgressBar()
        self.done.setValue(40)
        self.label = QLabel('See <a href="there">the page</a>')
        self.label.linkActivated.connect(self.said.append)
        return self.page(self.button, self.check, group, self.opener, self.drop, self.busy, self.done, self.label)

    def tree_page(self) -> QWidget:
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Name", "Size"])
        for name in FRUIT[:3]:
            top = QTreeWidgetItem(self.tree, [name, "1"])
            QTreeWidgetItem(top, [f"{name} pie", "2"])
        self.table = QTableWidget(4, 3)
        self.table.setHorizontalHeaderLabels(["A", "B", "C"])
        for row in range(4):
            for column in range(3):
                self.table.setItem(row, column, QTableWidgetItem(f"{row},{column}"))
        return self.page(self.tree, self.table)

    def page(self, *widgets: QWidget) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(2)
        for widget in widgets:
            layout.addWidget(widget)
        return page

    def open_context_menu(self, _: QPoint) -> None:
        self.context = QMenu(self)
        for name in ("Copy it", "Cut it"):
            self.act(self.context, name, "")
        self.context.popup(QCursor.pos())

    def open_dialog(self) -> None:
        self.dialog = QDialog(self)
        self.dialog.setWindowTitle("A question")
        self.answer = QLineEdit()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.dialog.accept)
        buttons.rejected.connect(self.dialog.reject)
        layout = QVBoxLayout(self.dialog)
        layout.addWidget(self.answer)
        layout.addWidget(buttons)
        self.dialog.accepted.connect(lambda: self.said.append(f"answered {self.answer.text()}"))
        self.dialog.open()


class Pad(App):
    """Says what it hears, and draws where the pointer was."""

    def build(self) -> None:
        self.heard: list[str] = []
        self.places: list[QPoint] = []
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.hear("press", event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.hear("release", event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.hear("double", event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.places.append(event.position().toPoint())
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        names = [str(key.name) for key in Qt.KeyboardModifier if key.value and event.modifiers() & key]
        self.heard.append("+".join([*names, str(Qt.Key(event.key()).name) if event.key() < 0x80 else hex(event.key())]))

    def hear(self, kind: str, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        self.heard.append(f"{kind} {event.button().name} {place.x()},{place.y()}")

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        for place in self.places:
            painter.drawRect(place.x(), place.y(), 3, 3)
        painter.end()


class Ticker(App):
    """Counts by a timer."""

    def build(self) -> None:
        self.count = 0
        self.label = QLabel("0", self)
        self.label.setGeometry(10, 10, 100, 20)
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.tick)
        self.timer.start(100)

    def tick(self) -> None:
        self.count += 1
        self.label.setText(str(self.count))


class Dragger(App):
    """A thing that can be dragged to a box with Qt's own drag and drop."""

    def build(self) -> None:
        self.thing = Thing("thing", self)
        self.thing.setGeometry(10, 10, 40, 20)
        self.box = Box("box", self)
        self.box.setGeometry(80, 100, 60, 60)
        self.box.got.connect(self.finish)


class Thing(QLabel):
    def mouseMoveEvent(self, _: QMouseEvent) -> None:  # noqa: N802
        drag = QDrag(self)
        data = QMimeData()
        data.setText("it")
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.MoveAction)


class Box(QLabel):
    got = Signal(float)

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setAcceptDrops(True)
        self.setFrameStyle(1)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        event.acceptProposedAction()
        self.setText(event.mimeData().text())
        self.got.emit(1.0)


class Faulty(App):
    """Does what applications should not."""

    def build(self) -> None:
        self.raises = QPushButton("raise", self)
        self.raises.setGeometry(10, 10, 80, 20)
        self.raises.clicked.connect(self.fail)
        self.asks = QPushButton("ask", self)
        self.asks.setGeometry(10, 40, 80, 20)
        self.asks.clicked.connect(self.ask)

    def fail(self) -> None:
        raise ValueError("no such thing")

    def ask(self) -> None:
        QMessageBox.question(self, "Sure?", "Really?")
