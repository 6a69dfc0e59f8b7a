"""The harness itself: what it says happened in JupyterLab did happen."""

import pytest

from tests.browser.lab import Lab

COUNTER = """
import ipywidgets as widgets
button, label = widgets.Button(description="more"), widgets.Label("0")
button.on_click(lambda _: setattr(label, "value", str(int(label.value) + 1)))
widgets.VBox([button, label])
"""


def test_a_notebook_opens_quietly_and_runs(lab, notebook):
    lab.open(notebook("runs.ipynb", "md:# Title $x^2$", "print(6 * 7)"))
    assert lab.page.get_by_text("Would you like to").count() == 0  # be asked about news
    assert lab.run_all() > 0
    assert "42" in lab.code_cell(0).inner_text()
    lab.cell(0).locator("mjx-container").wait_for()  # mathematics, offline
    assert lab.problems == []


def test_widgets_answer_and_their_latency_is_measured(lab, notebook):
    lab.open(notebook("counter.ipynb", COUNTER))
    lab.run_all()
    button = lab.page.get_by_role("button", name="more")
    latency = lab.latency(".widget-label", lambda _: button.click(), "click", n=5)
    assert lab.page.locator(".widget-label").inner_text() == "5"
    assert latency.missed == 0
    assert 0 < latency.median < 2000


def test_a_restarted_kernel_has_forgotten(lab, notebook):
    lab.open(notebook("restart.ipynb", "n = globals().get('n', 0) + 1\nprint('n is', n)"))
    lab.run_all()
    lab.run_all()
    assert "n is 2" in lab.code_cell(0).inner_text()
    lab.restart()
    lab.run_all()
    assert "n is 1" in lab.code_cell(0).inner_text()


def test_a_killed_kernel_can_be_replaced_by_opening_again(lab, notebook):
    name = notebook("killed.ipynb", "import os\nprint('pid', os.getpid())")
    lab.open(name)
    lab.run_all()
    before = lab.kernels()
    lab.kill_kernels()
    lab.open(name)
    lab.run_all()
    assert not set(before) & set(lab.kernels())


def test_kernels_keep_progress_in_the_servers_own_folder(lab, notebook, server):
    name = notebook("home.ipynb", "from dlcourse.teach.progress import progress\n"
                    "event = progress().record('probe', 'harness')")  # fmt: skip
    lab.open(name)
    lab.run_all()
    assert (server.home / "progress.sqlite").is_file()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_themes_and_sizes_change_what_is_seen(lab, notebook, theme, tmp_path):
    lab.open(notebook("theme.ipynb", "print('seen')"))
    lab.theme(theme)
    lab.size(900)
    background = lab.page.evaluate(
        "() => getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor"
    )
    assert (background == "rgb(255, 255, 255)") == (theme == "light")
    assert lab.page.viewport_size == {"width": 900, "height": 1000}
    assert lab.shot(tmp_path / "theme.png").stat().st_size > 5000


def test_a_request_that_would_leave_is_blocked_and_recorded(server, chromium, notebook):
    lab = Lab(chromium, server)
    address = "http://" + "example.invalid/picture.png"
    lab.open(
        notebook("leaves.ipynb", f"from IPython.display import HTML\nHTML('<img src={address}>')")
    )
    lab.run_all()
    lab.page.wait_for_timeout(300)
    lab.close()
    assert set(lab.outside) == {address}


def test_console_errors_are_recorded(lab):
    lab.page.goto(lab.server.url + "/api")
    lab.page.evaluate("() => { setTimeout(() => { throw new Error('deliberate') }) }")
    lab.page.wait_for_timeout(200)
    assert any("deliberate" in problem for problem in lab.problems)


def test_axe_finds_a_fault_and_passes_a_sound_page(lab):
    lab.page.set_content("<main id=bad><img src=''></main><main id=good><p>Sound</p></main>")
    assert any("image-alt" in finding for finding in lab.axe("#bad"))
    assert lab.axe("#good") == []
