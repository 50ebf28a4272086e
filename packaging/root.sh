# Sourced: as_root COMMAND… for what makes network namespaces, with the environment that the command needs.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    echo "root is needed for network namespaces; asking sudo"
    sudo --preserve-env=PATH,CARGO_TARGET_DIR,CARGO_HOME,RUSTUP_HOME,RUSTUP_TOOLCHAIN,HOME \
      env "PATH=$PATH" "HOME=$HOME" "$@"
  else
    echo "root is needed for network namespaces, and sudo is not installed" >&2
    return 1
  fi
}
