"""Runs unittests and writes their counts as JSON: python -m harness.count_unittests FOLDER COUNTS.json [TEST...]

unittest's own summary cannot be added up: an error in setUpClass is no test that ran.
"""

import json
import sys
import unittest


class CountingResult(unittest.TextTestResult):
    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main(folder, counts_path, names) -> int:
    loader = unittest.TestLoader()
    sys.path.insert(0, folder)
    suite = loader.loadTestsFromNames(names) if names else loader.discover(folder, pattern="test_*.py")
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=CountingResult).run(suite)
    # A skipped test is one nobody looks at any more; here it counts as what it hides.
    broken = [*result.failures, *result.errors, *result.skipped, *((test, "") for test in result.unexpectedSuccesses)]
    with open(counts_path, "w") as counts:
        json.dump({"passed": result.passed, "failed": [str(test) for test, _ in broken]}, counts)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
