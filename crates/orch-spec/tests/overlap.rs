//! Overlaps of globs, held against a search through all short paths.

use std::sync::LazyLock;

use orch_spec::{overlap, overlaps};
use proptest::prelude::*;

#[test]
fn knows_which_paths_meet() {
    for (a, b, expected) in [
        ("a", "a", true),
        ("a", "b", false),
        ("./a", "a", true),
        (".//a/./b", "a/b", true),
        ("src/", "src/a.ts", true),
        ("src", "src/a/b.ts", true),
        ("src", "srcs/a.ts", false),
        ("src/", "src", true),
        ("", "anything", true),
        (".", "anything", true),
        ("src/a.ts", "src/a.ts", true),
        ("src/a.ts", "src/a.ts/x", true),
        ("src/v1.2", "src/v1.2/**", true),
        ("src/a.ts", "src/b.ts", false),
        ("src/a.ts", "**/*.test.ts", false),
        ("src/a.test.ts", "**/*.test.ts", true),
        ("src/a.ts", "**/package.json", false),
        ("**/package.json", "**/tsconfig.json", false),
        ("**/package.json", "**/package.json", true),
        ("a/package.json", "**/package.json", true),
        (".github", ".github/workflows/ci.yml", true),
        ("src/auth/**", "src/api/**", false),
        ("src/auth/**", "src/*/index.ts", true),
        ("src/**", "src", true),
        ("src/*", "src/a/b.ts", false),
        ("src/*", "src/a", true),
        ("src/*/", "src/a/b.ts", true),
        ("src/*.ts", "src/*.tsx", false),
        ("src/*.ts*", "src/*.tsx", true),
        ("src/*.{ts,tsx}", "src/a.tsx", true),
        ("src/*.{ts,tsx}", "src/a.js", false),
        ("{src,test}/a", "test/a/b", true),
        ("src/{a,b/c}/x.ts", "src/b/c/x.ts", true),
        ("**/a", "b/c/a", true),
        ("**", "x", true),
        ("a/**/b.rs", "a/b.rs", true),
        ("a/**/b.rs", "a/x/y/b.rs", true),
        ("a/**/b.rs", "c/b.rs", false),
        ("[abc].rs", "b.rs", true),
        ("[abc].rs", "d.rs", false),
        ("[!abc].rs", "b.rs", false),
        ("[^a-c].rs", "[!d-z].rs", true),
        ("[a-f].rs", "[f-z].rs", true),
        ("[a-e].rs", "[f-z].rs", false),
        ("[]].rs", "].rs", true),
        ("[.rs", "[.rs", true),
        ("[.rs", "a.rs", false),
        ("app/[id]/page.tsx", "app/[id]/page.tsx", true),
        ("app/[id]/page.tsx", "app/[slug]/page.tsx", false),
        ("app/[id]/page.tsx", "app/*/page.tsx", true),
        ("app/[id]/page.tsx", "app/i/page.tsx", true),
        ("app/(auth)/page.tsx", "app/(auth)/**", true),
        ("app/(auth)/page.tsx", "app/(shop)/page.tsx", false),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("Src/a.ts", "src/a.ts", false),
        ("!src/a.ts", "src/a.ts", false),
        // What tools read in different ways may be anything from there on.
        ("src/@(a|b)/x.ts", "src/a/x.ts", true),
        ("src/@(a|b)/x.ts", "test/a/x.ts", false),
        ("src/a\\*", "src/x", true),
        ("src/**.ts", "src/a/b.ts", true),
        ("src/{1..3}.ts", "src/2.ts", true),
        ("src/{a}.ts", "src/a.ts", true),
        ("src/{a}.ts", "src/{a}.ts", true),
    ] {
        assert_eq!(overlap(a, b), expected, "{a} {b}");
        assert_eq!(overlap(b, a), expected, "{b} {a}");
    }
    let many = format!("src/{}", "{a,b}".repeat(12));
    assert!(overlap(&many, "src/x") && !overlap(&many, "test/x"));
    assert!(overlap(&"a".repeat(5000), "x"));
}

/// Whether the glob `p` matches all of `s`: character by character, with a way back. No part of ours.
fn matches(p: &[char], s: &[char]) -> bool {
    match p {
        [] => s.is_empty(),
        // `**/` takes whole parts, `/**` at the end takes what is left or nothing.
        ['*', '*', '/', rest @ ..] => {
            matches(rest, s) || (0..s.len()).any(|at| s[at] == '/' && matches(rest, &s[at + 1..]))
        }
        ['*', '*'] => true,
        ['/', '*', '*'] if s.is_empty() => true,
        ['*', rest @ ..] => {
            let part = s.iter().position(|&c| c == '/').unwrap_or(s.len());
            (0..=part).any(|taken| matches(rest, &s[taken..]))
        }
        ['?', rest @ ..] => s.first().is_some_and(|&c| c != '/') && matches(rest, &s[1..]),
        ['[', not @ '!', member, ']', rest @ ..] | ['[', not, member, ']', rest @ ..] => {
            let first = s.first().is_some_and(|c| {
                if *not == '!' { c != member && *c != '/' } else { c == not || c == member }
            });
            first && matches(rest, &s[1..])
        }
        [c, rest @ ..] => s.first() == Some(c) && matches(rest, &s[1..]),
    }
}

/// All paths of at most `depth` parts with at most `length` of the `letters` each.
fn paths(depth: usize, length: usize, letters: &[&str]) -> Vec<Vec<char>> {
    let mut names = vec![String::new()];
    let mut last = names.clone();
    for _ in 0..length {
        last = last.iter().flat_map(|name| letters.iter().map(move |c| format!("{name}{c}"))).collect();
        names.extend(last.clone());
    }
    names.remove(0);
    let mut paths = names.clone();
    let mut last = names.clone();
    for _ in 1..depth {
        last = last.iter().flat_map(|path| names.iter().map(move |name| format!("{path}/{name}"))).collect();
        paths.extend(last.clone());
    }
    paths.iter().map(|path| path.chars().collect()).collect()
}

/// What a glob with braces, none inside another, stands for.
fn variants(glob: &str) -> Vec<String> {
    let Some((before, rest)) = glob.split_once('{') else { return vec![glob.to_owned()] };
    let (inside, after) = rest.split_once('}').unwrap();
    inside.split(',').flat_map(|middle| variants(&format!("{before}{middle}{after}"))).collect()
}

/// Whether one of `paths` matches both; a plain name at the end may be a folder.
fn common(a: &str, b: &str, paths: &[Vec<char>]) -> bool {
    let one = |glob: &String, path: &[char]| {
        let last = glob.rsplit('/').next().unwrap();
        let folder = last.chars().all(char::is_alphabetic);
        let exact: Vec<char> = glob.trim_end_matches('/').chars().collect();
        let below: Vec<char> = exact.iter().copied().chain("/**".chars()).collect();
        matches(&exact, path) && !glob.ends_with('/') || folder && matches(&below, path)
    };
    let (a, b) = (variants(a), variants(b));
    paths.iter().any(|path| a.iter().any(|a| one(a, path)) && b.iter().any(|b| one(b, path)))
}

/// Two letters that globs name, and one that none does.
static NAMES: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| paths(1, 7, &["a", "b", "c"]));
static PATHS: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| paths(6, 2, &["a", "b"]));

fn one_segment() -> impl Strategy<Value = String> {
    let atom =
        prop::sample::select(vec!["a", "b", "a", "b", "*", "?", "[ab]", "[!a]", "[!b]", "{a,b}", "{ab,}"]);
    prop::collection::vec(atom, 1..4)
        .prop_map(|atoms| atoms.concat())
        // `**` and names that are only an alternative of nothing are for the table above.
        .prop_filter("plain", |text| !text.contains("**") && text.replace("{ab,}", "").len() > 1)
}

fn many_segments() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["a", "b", "ab", "*", "**", "a*", "?", "[ab]", "{a,b/a}", "*b"]);
    (prop::collection::vec(segment, 1..4), any::<bool>())
        .prop_map(|(segments, slash)| segments.join("/") + if slash { "/" } else { "" })
        .prop_filter("deep parts beside each other or before a last slash are for the table", |text| {
            !text.contains("**/**") && !text.ends_with("**/")
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn names_meet_when_a_name_matches_both(a in one_segment(), b in one_segment()) {
        // A wildcard in front keeps them from being folders, and does not change which names meet.
        let (a, b) = (format!("?{a}"), format!("?{b}"));
        let (found, expected) = (overlap(&a, &b), common(&a, &b, &NAMES));
        // A class is read as plain text as well, of which the names here have none: then more meet.
        let as_text = [&a, &b].iter().any(|glob| glob.contains('['));
        prop_assert!(found == expected || (as_text && found), "{} {}", a, b);
    }

    #[test]
    fn paths_meet_when_a_path_matches_both(a in many_segments(), b in many_segments()) {
        prop_assert_eq!(overlap(&a, &b), common(&a, &b, &PATHS), "{} {}", a, b);
        prop_assert_eq!(overlap(&b, &a), overlap(&a, &b));
    }

    #[test]
    fn any_text_is_read(a in "[a/*?\\[\\]{},!.\\\\-]{0,40}|\\PC{0,20}", b in "[a/*?\\[\\]{},!.-]{0,40}") {
        prop_assert_eq!(overlap(&a, &b), overlap(&b, &a));
        prop_assert_eq!(overlap(&a, &a), !a.starts_with('!'));
    }

    #[test]
    fn all_pairs_are_found(specs in prop::collection::vec(prop::collection::vec(many_segments(), 0..4), 0..8)) {
        let mut expected = Vec::new();
        for (a, left) in specs.iter().enumerate() {
            for (b, right) in specs.iter().enumerate().skip(a + 1) {
                let mut pairs = left.iter().flat_map(|left| right.iter().map(move |right| (left, right)));
                expected.extend(pairs.find(|(left, right)| overlap(left, right)).map(|(left, right)| (a, b, &**left, &**right)));
            }
        }
        let found: Vec<_> = overlaps(&specs).iter().map(|o| (o.a, o.b, o.left, o.right)).collect();
        prop_assert_eq!(found, expected);
    }
}
