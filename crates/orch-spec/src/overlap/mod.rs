//! Whether two specs may touch the same file, by the paths and globs that they name.
//!
//! When in doubt, yes: two weavers that wait for each other lose time, two that write the same file lose work.

pub(crate) mod braces;
mod glob;
mod product;
mod segment;

use std::collections::HashMap;

use glob::Glob;

/// Bytes of a pattern that are read; a longer one may match anything.
const LONGEST: usize = 4096;

/// Whether some path can match both of two patterns: paths, or globs with `*`, `?`, `**`, `[abc]` and `{a,b}`.
///
/// - `./` in front means nothing. An empty pattern means everything.
/// - A path that ends with `/` means everything below. So does one whose last part is a plain name without an ending
///   (`src`, `src/auth`): it may be a folder. `src/a.ts` means only itself, unless the other goes through it by name
///   (`src/a.ts/x`).
/// - Brackets may be a class or, as in `app/[id]`, plain characters.
/// - A pattern with `!` in front takes files away and claims none: it overlaps nothing.
/// - What tools don't agree on (`\`, `@(a|b)`, `**` inside a part) may match anything from there on.
/// - Case counts.
///
/// ```
/// use orch_spec::overlap;
/// assert!(overlap("src/**/*.ts", "src/auth/login.*"));
/// assert!(overlap("src/auth", "src/auth/login.ts"));
/// assert!(!overlap("src/auth/", "src/authors/a.ts"));
/// assert!(!overlap("**/*.test.ts", "src/login.ts"));
/// ```
pub fn overlap(a: &str, b: &str) -> bool {
    let (a, b) = (globs(a), globs(b));
    a.iter().any(|a| b.iter().any(|b| a.meets(b)))
}

fn globs(pattern: &str) -> Vec<Glob> {
    if pattern.starts_with('!') {
        return Vec::new();
    }
    if pattern.len() > LONGEST {
        return vec![Glob::parse("")];
    }
    match braces::expand(pattern) {
        Some(variants) => variants.iter().map(|variant| Glob::parse(variant)).collect(),
        // Too many variants: anything below the folder that holds the first brace.
        None => {
            let open = pattern.find('{').unwrap_or_default();
            let folder = pattern[..open].rfind('/').map_or("", |slash| &pattern[..=slash]);
            vec![Glob::parse(folder)]
        }
    }
}

/// Two specs that may touch the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap<'a> {
    /// The number of the one that comes first, from zero.
    pub a: usize,
    /// The number of the other.
    pub b: usize,
    /// The first pattern of `a` that overlaps one of `b`.
    pub left: &'a str,
    /// The first pattern of `b` that overlaps `left`.
    pub right: &'a str,
}

/// All pairs of specs that may touch the same file, by the patterns of each spec: each pair once, in order.
///
/// Patterns are compared only where one's leading names are the beginning of the other's, so that large plans are
/// quick as long as their specs work in different folders.
///
/// ```
/// let files = [vec!["src/api/**", "docs/"], vec!["src/ui/**"], vec!["src/*/index.ts"]];
/// let found = orch_spec::overlaps(&files);
/// assert_eq!((found[0].a, found[0].b, found[0].left, found[0].right), (0, 2, "src/api/**", "src/*/index.ts"));
/// assert_eq!((found[1].a, found[1].b), (1, 2));
/// assert_eq!(found.len(), 2);
/// ```
pub fn overlaps<'a, S: AsRef<[P]>, P: AsRef<str> + 'a>(files: &'a [S]) -> Vec<Overlap<'a>> {
    let mut claims = Vec::new();
    for (spec, patterns) in files.iter().enumerate() {
        for (pattern, text) in patterns.as_ref().iter().enumerate() {
            claims.extend(globs(text.as_ref()).into_iter().map(|glob| Claim { spec, pattern, glob }));
        }
    }
    let mut by_names: HashMap<String, Vec<usize>> = HashMap::new();
    for (number, claim) in claims.iter().enumerate() {
        let names = prefixes(&claim.glob).last().unwrap_or_default();
        by_names.entry(names).or_default().push(number);
    }
    // Of each pair of specs: the first patterns that overlap.
    let mut found: HashMap<(usize, usize), (usize, usize)> = HashMap::new();
    for (number, claim) in claims.iter().enumerate() {
        let own = claim.glob.names().count();
        for (length, names) in prefixes(&claim.glob).enumerate() {
            for &other_number in by_names.get(&names).into_iter().flatten() {
                // Those with the same names meet twice; one of the two is enough.
                if length == own && other_number >= number {
                    continue;
                }
                let other = &claims[other_number];
                let (a, b) = if claim.spec < other.spec { (claim, other) } else { (other, claim) };
                let patterns = (a.pattern, b.pattern);
                let better = found.get(&(a.spec, b.spec)).is_none_or(|known| patterns < *known);
                if a.spec != b.spec && better && a.glob.meets(&b.glob) {
                    found.insert((a.spec, b.spec), patterns);
                }
            }
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_unstable();
    let text = |spec: usize, pattern: usize| files[spec].as_ref()[pattern].as_ref();
    let overlap = |((a, b), (left, right))| Overlap { a, b, left: text(a, left), right: text(b, right) };
    found.into_iter().map(overlap).collect()
}

struct Claim {
    spec: usize,
    pattern: usize,
    glob: Glob,
}

/// The leading names of a glob, one more each time, from none to all.
fn prefixes(glob: &Glob) -> impl Iterator<Item = String> {
    let mut so_far = String::new();
    let longer = glob.names().map(move |name| {
        so_far.push_str(name);
        so_far.push('/');
        so_far.clone()
    });
    std::iter::once(String::new()).chain(longer)
}
