"""The published policy and the proof of each of its sentences.

`web` renders `/privacy` and `/promises`, `prove.Run` proves sentences on a twin (`twin`, `stage`), `names.PROBES` are
the proofs by the names policies use, `evidence` is what they found. Knows HTTP, the lock and files, and no part.
"""
