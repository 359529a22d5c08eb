"""The proofs, one module for each sentence; `troth.promises.names` lists them by the names policies use."""
