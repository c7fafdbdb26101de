"""Run the commands of CONTRIBUTING.md in a fresh clone, with the diffs of docs/architecture.md.

Each diff adds a member that the library does not have: an update rule, an activation, a layer.
They are built together, once, and then trained with and tested in Python.
Usage: python .ci/check_contributing.py; needs git, a C++ compiler and the network, for pip.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = ("Adding an update rule", "Adding an activation", "Adding a layer")
BLOCK = re.compile(r"^```(diff|cpp)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"`((?:cpp|python|tests|docs)/[\w./]+\.\w+)`")
NEW_MEMBERS = """
import fastmlp as fm
net = fm.Network([fm.Scale(), fm.Dense(8, "relu6"), fm.Dense(1)], inputs=2, seed=0)
X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
history = net.fit(X, y, optimizer=fm.SignSGD(0.01), epochs=400)
print(net, history["loss"][-1])
assert history["loss"][-1] < 0.05
"""


def shell(folder: Path, commands: str) -> None:
    print(f"+ {commands.strip()}", flush=True)
    start = time.monotonic()
    activate = "unset PYTHONPATH; [ ! -e .venv ] || source .venv/bin/activate\n"
    subprocess.run(["bash", "-euo", "pipefail", "-c", activate + commands], cwd=folder, check=True)
    print(f"({time.monotonic() - start:.0f} s)", flush=True)


def documented(name: str) -> str:
    """The shell block of CONTRIBUTING.md below `<!-- ci: NAME -->`."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(rf"^<!-- ci: {name} -->\n```bash\n(.*?)^```$", text, re.M | re.S)
    if block is None:
        sys.exit(f"CONTRIBUTING.md has no block {name}")
    return block[1]


def blocks_of(section: str) -> list[tuple[str, str, str]]:
    """[(file, language, text)]; the file is the last one named before the block."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    text = page.split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = []
    for match in BLOCK.finditer(text):
        file = NAME.findall(text[: match.start()])[-1]
        blocks.append((file, match[1], match[2]))
    return blocks


def apply_diff(path: Path, diff: str) -> None:
    """Replaces the lines of each hunk, which are separated by @@, wherever they are."""
    text = path.read_text(encoding="utf-8")
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        if not old or text.count(old) != 1:
            sys.exit(f"docs/architecture.md: a diff of {path.name} does not apply:\n{hunk}")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def add_members(clone: Path) -> None:
    for section in SECTIONS:
        for file, language, text in blocks_of(section):
            print(f"{section}: {file}", flush=True)
            if language == "diff":
                apply_diff(clone / file, text)
            else:
                (clone / file).write_text(text, encoding="utf-8")


def fresh_clone(folder: Path) -> Path:
    """Of the repository, or of a checkout without one; what is not committed is in it too."""
    clone = folder / "fastmlp"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listed, cwd=ROOT, capture_output=True, check=False)
    exclude = "--exclude=./{build,site,.venv}"
    files = "--null --files-from=-" if found.returncode == 0 else f"{exclude} ."
    clone.mkdir()
    subprocess.run(
        ["bash", "-c", f"tar --create {files} | tar --extract --directory={clone}"],
        cwd=ROOT, input=found.stdout, check=True,
    )  # fmt: skip
    shell(
        clone,
        "git init --quiet --initial-branch=main && git add --all && "
        "git -c user.name=gate -c user.email=gate@localhost commit --quiet --message=Start",
    )
    return clone


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = fresh_clone(Path(folder))
        add_members(clone)
        shell(clone, documented("set-up"))
        (Path(folder) / "members.py").write_text(NEW_MEMBERS)
        shell(clone, "python ../members.py")
        change = documented("change")
        tests = "test -n 2 -k 'sign_sgd or SignSGD or relu6 or ReLU6 or scale or Scale or lecture'"
        shell(clone, re.sub(r"\btest\b(?= +#)", tests, change, count=1))
        shell(clone, "git add --all && git -c user.name=a -c user.email=a@b commit -qm Members")
        with (clone / "cpp/fastmlp/kernels/pack.cpp").open("a") as source:
            source.write("// A change of a kernel.\n")
        shell(clone, documented("measure"))


if __name__ == "__main__":
    main()
