//! Replays the corpus without a fuzzer: each input of `fuzz/corpus/<target>/` through its target.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use camhook_fuzz_targets::{TARGETS, run};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let mut targets: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    targets.sort();
    assert_eq!(names(&corpus()), targets);
}

#[test]
fn every_input_of_the_corpus_holds_what_its_target_asserts() {
    for (target, _) in TARGETS {
        let folder = corpus().join(target);
        let inputs = names(&folder);
        assert!(inputs.len() >= 5, "{target} has {} inputs", inputs.len());
        for input in inputs {
            // The harness shows this line when the target panics.
            println!("{target}: {input}");
            run(target, &fs::read(folder.join(&input)).unwrap());
        }
    }
}
