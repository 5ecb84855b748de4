//! Tests of what is searched of bytes that are no plain text. Tokens are put together at run time: no file holds one.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::super::{
    Search,
    allow::Allowance,
    found::LeftOut,
    tests::{drawn, tree},
    tree::{LARGEST_BYTES, search},
};

fn token() -> String {
    format!("{}_{}", "ghp", drawn(36))
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(vec![], Compression::fast());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

fn units<const N: usize>(text: &str, unit: fn(u16) -> [u8; N]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

fn take(bytes: &[u8]) -> Search {
    let mut search = Search::default();
    search.take("a.bin", bytes, &mut Allowance::default());
    search
}

#[test]
fn a_token_is_found_in_whatever_bytes_it_lies_and_once() {
    let token = token();
    // A text that is not made smaller is packed as it stands.
    let line = format!("{}\nümläut 測試{token} x\n", "eins ".repeat(50));
    let little = |text: &str| units(text, u16::to_le_bytes);
    let big = |text: &str| units(text, u16::to_be_bytes);
    let four: Vec<u8> = token.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
    let noise: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let around = |bytes: &[u8]| [&noise[..], b"\n", bytes, &noise[..]].concat();
    for (what, bytes, place) in [
        ("one NUL", [b"\0\nx = ", token.as_bytes()].concat(), "a.bin:2"),
        ("among noise", around(token.as_bytes()), "a.bin:22"),
        ("little, unmarked", little(&line), "a.bin:2"),
        ("big, unmarked", big(&line), "a.bin:2"),
        ("little, marked", [&[0xff, 0xfe][..], &little(&line)].concat(), "a.bin:2"),
        ("big, marked", [&[0xfe, 0xff][..], &big(&line)].concat(), "a.bin:2"),
        ("a mark and no UTF-16", [b"\xff\xfe", token.as_bytes()].concat(), "a.bin:1"),
        ("four bytes", four, "a.bin:1"),
        ("little, alone", little(&token), "a.bin:1"),
        ("big, alone", big(&token), "a.bin:1"),
        ("packed", packed(line.as_bytes()), "a.bin (unpacked):2"),
        ("packed twice", packed(&packed(line.as_bytes())), "a.bin (unpacked):2"),
        ("packed and wide", packed(&big(&line)), "a.bin (unpacked):2"),
        ("packed with noise", packed(&around(token.as_bytes())), "a.bin (unpacked):22"),
        (
            "packed behind a script",
            [b"#!/bin/sh\ntail -n +3 $0\n", &packed(line.as_bytes())[..]].concat(),
            "a.bin (unpacked):2",
        ),
        (
            "packed in an archive",
            [&[0; 512][..], b"\x1f\x8b\x08 no", &packed(line.as_bytes()), &[0; 512]].concat(),
            "a.bin (unpacked):2",
        ),
        ("two packed", [packed(b"x"), packed(line.as_bytes())].concat(), "a.bin (unpacked):2"),
    ] {
        let search = take(&bytes);
        let told: Vec<_> = search.findings.iter().map(|found| (found.rule.id, found.place())).collect();
        assert_eq!(told, [("github-token", place.to_owned())], "{what}");
        assert_eq!(search.left_out, [], "{what}");
        assert!(!format!("{search:?}").contains(&token[5..11]), "{what}");
    }
    for (what, bytes) in [
        ("little, within noise", around(&[b"\0\0", &little(&token)[..], b"\0\0"].concat())),
        ("big, within noise", around(&[b"\0\0", &big(&token)[..], b"\0\0"].concat())),
    ] {
        assert_eq!(take(&bytes).findings.len(), 1, "{what}");
    }
}

#[test]
fn a_name_says_something_in_texts_alone() {
    let text = format!("password = \"{}\"\n", drawn(20));
    let noise: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    for (what, bytes, expected) in [
        ("a stray NUL", [b"\0", text.as_bytes()].concat(), 1),
        ("UTF-16", units(&text, u16::to_le_bytes), 1),
        ("UTF-16, the high byte first", units(&text, u16::to_be_bytes), 1),
        ("packed", packed(text.as_bytes()), 1),
        ("no text", [&noise[..], text.as_bytes()].concat(), 0),
    ] {
        assert_eq!(take(&bytes).findings.len(), expected, "{what}");
    }
}

#[test]
fn what_is_packed_beyond_what_is_opened_is_said() {
    let (bomb, nested) = (packed(&vec![0; 11 << 20]), (0..4).fold(b"x".to_vec(), |bytes, _| packed(&bytes)));
    let whole = packed(&[token().as_bytes(), b" ", &noise()].concat());
    for (what, bytes, left_out, found) in [
        ("too large", bomb.clone(), LeftOut::TooLargeUnpacked, 0),
        ("too large within", packed(&bomb), LeftOut::TooLargeUnpacked, 0),
        ("nested", nested, LeftOut::Damaged, 0),
        ("cut off", whole[..whole.len() - 9].to_vec(), LeftOut::Damaged, 1),
        ("cut off at once", whole[..4].to_vec(), LeftOut::Damaged, 0),
        ("too large behind a script", [b"x", &bomb[..]].concat(), LeftOut::TooLargeUnpacked, 0),
        ("too many", b" \x1f\x8b\x08".repeat(257), LeftOut::Packed, 0),
        ("a zip", [b"PK\x03\x04", token().as_bytes()].concat(), LeftOut::Packed, 1),
    ] {
        let left_out = if what == "nested" { LeftOut::PackedTooDeep } else { left_out };
        let search = take(&bytes);
        assert_eq!(search.left_out, [(left_out, "a.bin".to_owned())], "{what}");
        assert_eq!(search.findings.len(), found, "{what}");
    }
}

fn noise() -> Vec<u8> {
    drawn(5_000).into_bytes()
}

#[test]
fn a_file_that_cannot_be_searched_is_allowed_by_its_path_alone_and_with_a_reason() {
    let folder = tree(&[("a.ts", "x"), (".gonogo-secrets-allow", "media/* shown to everybody\n")]);
    std::fs::create_dir(folder.path().join("media")).expect("a folder");
    for name in ["media/film.mp4", "other.mp4"] {
        let file = std::fs::File::create(folder.path().join(name)).expect("a file");
        file.set_len(LARGEST_BYTES + 1).expect("a length");
    }
    let search = search(folder.path()).expect("a search");
    assert_eq!(search.left_out, [(LeftOut::TooLarge, "other.mp4".to_owned())]);
    let told = "media/film.mp4 was not searched, over 10 MiB, and is allowed: shown to everybody";
    assert_eq!(search.notes, [told]);
}
