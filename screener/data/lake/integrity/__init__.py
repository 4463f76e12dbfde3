"""What is read is what was written: hashes of files, digests of rows."""
