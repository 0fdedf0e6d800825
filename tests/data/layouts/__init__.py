"""Files in the official layouts of data sets, small and made up, for tests."""
