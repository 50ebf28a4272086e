//! The files that the browser downloads, carried by the binary. Each name has the hash of its content, so a browser may
//! keep a file for ever; `build/assets.rs` makes the table.

/// One file, in the three encodings that it is served in.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Such as `main.0123456789ab.css`.
    pub name: &'static str,
    pub mime: &'static str,
    pub raw: &'static [u8],
    pub br: &'static [u8],
    pub gz: &'static [u8],
}

/// The asset of that name.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

#[cfg(test)]
mod tests {
    use super::{APP_JS, APP_WASM, ASSETS, BOOT, CAMERA, CSS, ICON, find};

    #[test]
    fn every_name_that_pages_use_is_in_the_table() {
        assert!(!ASSETS.is_empty(), "no assets; `make assets` makes them");
        for name in [APP_JS, APP_WASM, BOOT, CAMERA, CSS, ICON] {
            assert!(find(name).is_some_and(|asset| !asset.raw.is_empty()), "{name}");
        }
        assert!(find("../Cargo.toml").is_none());
    }

    #[test]
    fn script_and_module_are_of_the_same_build() {
        assert_eq!(APP_JS.strip_suffix(".js"), APP_WASM.strip_suffix("_bg.wasm"));
    }
}
