#!/bin/bash
# Makes a fresh Debian 12 ready, and builds; a second run skips what is done.
#
#   tools/support/prepare.sh [--runtime | --suites "SUITE…" | --fuzz] BUILD_DIR [meson options…]
#
# --runtime   what the product needs: no packages of the tests, no test programs
# --suites    build only what these test suites run: "unit dataplane:worker" (tests/support/suites.py)
# --fuzz      clang, and only the fuzz targets
# Without any: all packages but the fuzzers', all targets. Quiet unless there is something to do;
# a failure prints the end of the log (BUILD_DIR/prepare.log).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
sections="runtime build test"
mode=all
suites=
while [[ ${1:-} == --* ]]; do
    case $1 in
        --runtime | --build-only-runtime) mode=runtime sections="runtime build"; shift ;;
        --suites) mode=suites suites=$2; shift 2 ;;
        --fuzz) mode=fuzz sections="build fuzz"; shift ;;
        *) echo "prepare.sh: $1: unknown option" >&2; exit 2 ;;
    esac
done
[[ $# -ge 1 ]] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
build=$1
shift
installed=false

say() { echo "netft: $*" >&2; }

# Runs a step with its output in the log, of which a failure shows the end.
step() {
    local what=$1
    shift
    if ! "$@" >>"$log" 2>&1 </dev/null; then
        say "$what failed; the end of $log:"
        tail -n 60 "$log" >&2
        exit 1
    fi
}

packages_of() {
    awk -v wanted=" $* " '/^\[/ { on = index(wanted, " " substr($1, 2, length($1) - 2) " "); next }
                          on && NF && !/^#/ { print $1 }' "$root/tools/support/packages.txt"
}

missing_packages() {
    comm -23 <(packages_of "$@" | sort -u) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | awk '$1 == "installed" { print $2 }' | sort -u)
}

install_missing() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ $(id -u) -ne 0 ]]; then
        say "these packages are missing, and only root can install them: ${missing[*]}"
        exit 1
    fi
    say "installing ${missing[*]}"
    # RUNLEVEL=1: no daemon (sshd) is started for having been installed.
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    step "apt-get update" apt-get -o DPkg::Lock::Timeout=300 -qq update
    step "apt-get install" apt-get -o DPkg::Lock::Timeout=300 -qq install -y \
        --no-install-recommends "${missing[@]}"
    installed=true
}

# Configures when there is no build yet, or when it was made with other options; looks again for what
# is optional when packages came.
configure() {
    local wanted made_with=none
    wanted=$(printf '%s\n' "$root" "${CXX:-}" "$@")
    [[ -f $build/build.ninja ]] && made_with=$(cat "$build/prepare.options" 2>/dev/null)
    [[ $made_with == "$wanted" && $installed == false ]] && return
    say "configuring $build"
    if [[ $made_with == "$wanted" ]]; then
        step "meson setup" meson setup --reconfigure "$build" "$root"
    elif [[ -f $build/build.ninja ]]; then
        step "meson setup" meson setup --wipe "$build" "$root" "$@"
    else
        step "meson setup" meson setup "$build" "$root" "$@"
    fi
    printf '%s\n' "$wanted" >"$build/prepare.options"
}

targets_of() { python3 -B "$root/tests/support/suites.py" targets "$build" "$@"; }

build_targets() {
    local targets=()
    step "reading the build files" ninja -C "$build" build.ninja
    case $mode in
        runtime) suites=installed ;;&
        runtime | suites) mapfile -t targets < <(targets_of $suites) ;;
        fuzz) targets=(fuzzers) ;;
    esac
    [[ $mode == all || ${#targets[@]} -gt 0 ]] || return 0
    ninja -C "$build" -n "${targets[@]}" 2>>"$log" | grep -q 'no work to do' && return
    say "building $build (log: $log)"
    step "the build" ninja -C "$build" "${targets[@]}"
}

mkdir -p "$build"
build=$(cd "$build" && pwd)
log=$build/prepare.log
exec 9>"$build/prepare.lock"  # two commands may be started at once; the second waits for the first
flock 9
: >"$log"
install_missing $sections
configure "$@"
build_targets
