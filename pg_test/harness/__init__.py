"""What the test runner and the end-to-end tests share: throw-away clusters and the reading of test results."""
