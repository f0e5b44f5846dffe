"""The tiers of the test suite. Each runs its tests, prints what failed and why, and gives the counts."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from harness.cluster import ROOT, Cluster, pg_config

PG_TEST = ROOT / "pg_test"
EXTENSION = "spacetime"
DIFF_LINES_MAX = 400


@dataclass
class Outcome:
    passed: int = 0
    failed: list = field(default_factory=list)


def say(*lines):
    print(*lines, sep="\n", flush=True)


def run_and_show(command, **options):
    """Runs a command, shows its output as it comes, and gives exit status and output."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            print(line, end="", flush=True)
    except BaseException:
        process.kill()
        raise
    finally:
        status = process.wait()
    return status, "".join(lines)


# --- unit ---------------------------------------------------------------------------------------------------------------


# What cargo-pgrx adds to every build.
PGRX_RUSTFLAGS = (
    """target.'cfg(all(target_family = "unix", not(target_os = "macos")))'.rustflags"""
    """ = ["-C", "link-arg=-Wl,--no-gc-sections"]"""
)


def unit(tests, accept) -> Outcome:
    """`cargo test` of everything under crates/ and bench/; the extension itself needs a server to be loaded into."""
    metadata = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version", "1", "--locked"],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    packages = [
        package["name"]
        for package in json.loads(metadata)["packages"]
        if any(Path(package["manifest_path"]).is_relative_to(ROOT / folder) for folder in ["crates", "bench"])
    ]
    chosen = [word for name in packages for word in ("-p", name)]
    # Profile and flags of tools/install's build: the compiler of the sandbox is then built once, not twice.
    command = ["cargo", "--config", PGRX_RUSTFLAGS, "test", "--release", "--locked", "--no-fail-fast", *chosen]
    status, output = run_and_show([*command, "--", *tests], cwd=ROOT)
    outcome = Outcome(failed=sorted(set(re.findall(r"^test (.+) \.\.\. FAILED$", output, re.MULTILINE))))
    for passed in re.findall(r"^test result: \w+\. (\d+) passed", output, re.MULTILINE):
        outcome.passed += int(passed)
    if status != 0 and not outcome.failed:
        outcome.failed.append("cargo test did not finish")
    return outcome


# --- regress and isolation ----------------------------------------------------------------------------------------------


def regress(tests, accept) -> Outcome:
    """SQL in, text out, compared with expected/ by Postgres' own pg_regress."""
    return golden_files("regress", "pg_regress", PG_TEST / "regress", "sql/*.sql", tests, accept)


def isolation(tests, accept) -> Outcome:
    """Interleaved sessions by Postgres' own isolationtester."""
    return golden_files("isolation", "pg_isolation_regress", PG_TEST / "isolation", "specs/*.spec", tests, accept)


def golden_files(kind, driver, folder, sources, tests, accept) -> Outcome:
    """`kind` names the driver's folder below PGXS' test/; `sources` is the pattern of the tests below `folder`."""
    scheduled = re.findall(r"\S+", " ".join(re.findall(r"^test:(.*)$", (folder / "schedule").read_text(), re.MULTILINE)))
    present = {path.stem for path in folder.glob(sources)}
    wanted = list(tests) or scheduled
    outcome = Outcome(failed=[f"{kind}/{name} is not in the schedule" for name in sorted(present - set(scheduled))])
    for name in wanted:
        expected = folder / "expected" / f"{name}.out"
        if name not in present:
            outcome.failed.append(f"{kind}/{name} does not exist")
        elif not expected.exists() and accept:
            expected.parent.mkdir(exist_ok=True)
            expected.touch()
        elif not expected.exists():
            outcome.failed.append(f"{kind}/{name} has no expected output; look at it, then: pg_test/run {kind} --accept {name}")
    if outcome.failed or not wanted:
        return outcome

    # Postgres 16 looks for expected/ elsewhere unless told; 15 does not know the option.
    major = int(re.search(r"\d+", pg_config("--version"))[0])
    expected_folder = [f"--expecteddir={folder}"] if major >= 16 else []
    program = Path(pg_config("--pgxs")).parents[1] / "test" / kind / driver
    with Cluster() as cluster, tempfile.TemporaryDirectory() as output:
        status, report = run_and_show(
            [program, f"--inputdir={folder}", *expected_folder, f"--outputdir={output}", f"--bindir={cluster.bindir}",
             f"--host={cluster.directory}", f"--port={cluster.port}", "--user=postgres", "--dbname=regression",
             f"--load-extension={EXTENSION}", *(tests or [f"--schedule={folder / 'schedule'}"])],
            env=cluster.environment(), cwd=output,
        )
        results = results_of(report)
        outcome.passed = sum(results.values())
        # A driver that gave up half-way has no line for the rest.
        outcome.failed = [f"{kind}/{name}" for name in wanted if not results.get(name)]
        if status != 0 and not outcome.failed:
            outcome.failed.append(f"{driver} exited with {status}")
        # Output may be right although a backend died: the driver's next connection works again.
        crashes = re.findall(r"^.*was terminated by signal.*$|^.*PANIC: .*$", cluster.log_text(), re.MULTILINE)
        if crashes:
            outcome.failed.append(f"{kind}: the server crashed")
            say(*crashes)
        if accept:
            accept_results(Path(output) / "results", folder / "expected", wanted)
        elif outcome.failed:
            show_differences(Path(output) / "regression.diffs")
        if crashes or status > 1:
            say("end of the server's log:", cluster.log_tail())
    return outcome


def results_of(report) -> dict:
    """Test name -> passed, from pg_regress' report: words and dots up to Postgres 15, TAP since 16."""
    words = re.findall(r"^(?:test|    ) +(\S+) +\.\.\. (ok|FAILED)", report, re.MULTILINE)
    tap = re.findall(r"^(ok|not ok) +\d+ +[-+] (\S+)", report, re.MULTILINE)
    return {name: verdict == "ok" for name, verdict in [*words, *((name, verdict) for verdict, name in tap)]}


def accept_results(results, expected, names):
    for name in names:
        result = results / f"{name}.out"
        if result.exists() and result.read_bytes() != (expected / result.name).read_bytes():
            shutil.copyfile(result, expected / result.name)
            say(f"accepted {(expected / result.name).relative_to(ROOT)}; read it before you commit it")


def show_differences(diffs):
    lines = diffs.read_text(errors="replace").splitlines() if diffs.exists() else []
    say(*lines[:DIFF_LINES_MAX])
    if len(lines) > DIFF_LINES_MAX:
        say(f"… {len(lines) - DIFF_LINES_MAX} more lines of differences")


# --- e2e ----------------------------------------------------------------------------------------------------------------


def e2e(tests, accept) -> Outcome:
    """Python against whole servers: roles, restarts, killed backends, cancel, many sessions."""
    folder = PG_TEST / "e2e"
    if not any(folder.glob("test_*.py")):
        return Outcome()
    with tempfile.TemporaryDirectory() as temporary:
        counts = Path(temporary) / "counts.json"
        run_and_show(
            [virtual_environment(folder / "requirements.txt"), "-u", "-m", "harness.count_unittests", folder, counts, *tests],
            cwd=PG_TEST, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )
        if not counts.exists():
            return Outcome(failed=["the end-to-end tests did not finish"])
        return Outcome(**json.loads(counts.read_text()))


def virtual_environment(requirements) -> Path:
    """The python with the required packages; made once per set of requirements and kept in the user's cache."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(f"{version} {sys.executable} {requirements.read_text()}".encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spacetime-test-venv"
    python = cache / key / "bin" / "python"
    done = cache / key / "complete"
    if not done.exists():
        say(f"making a Python environment in {cache / key}")
        shutil.rmtree(cache / key, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", cache / key], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], check=True
        )
        done.touch()
    return python


TIERS = {"unit": unit, "regress": regress, "isolation": isolation, "e2e": e2e}
