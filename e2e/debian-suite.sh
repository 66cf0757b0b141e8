#!/usr/bin/env bash
# Downloads packages of any Debian suite into a folder: those named, and of all that they depend on those whose names
# match an expression. Nothing is installed, and the settings of this machine's apt stay as they are; from them comes
# only where a mirror of Debian is.
#
#   debian-suite.sh trixie .cache/debs '.*' swiftlang
set -euo pipefail
suite=$1 folder=$2 pattern=$3
shift 3
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [ ! -e "$keyring" ]; then
    echo "this is not Debian: there is no $keyring" >&2
    exit 1
fi

# Every mirror of this machine with its suite, from both forms of apt's lists.
mirrors() {
    cat /dev/null /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -n 's/^[[:space:]]*deb[[:space:]]\+\(\[[^]]*\][[:space:]]*\)\?\([^[:space:]]\+\)[[:space:]]\+\([^[:space:]]\+\).*/\2 \3/p'
    cat /dev/null /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '
        function told() { for (u = 1; u <= uris; u++) for (s = 1; s <= suites; s++) print uri[u], suite[s]; uris = suites = 0 }
        /^[[:space:]]*$/ { told() }
        tolower($1) == "uris:" { for (i = 2; i <= NF; i++) uri[++uris] = $i }
        tolower($1) == "suites:" { for (i = 2; i <= NF; i++) suite[++suites] = $i }
        END { told() }'
}
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
case $suite in
    *-security) like="^($release|stable|oldstable|testing)-security$" ;;
    *) like="^($release|stable|oldstable|testing|unstable|sid)$" ;;
esac
mirror=$(mirrors | awk -v like="$like" '$2 ~ like { print $1; exit }')
if [ -z "$mirror" ]; then
    echo "apt on this machine has no mirror of Debian from which $suite could come" >&2
    exit 1
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$folder" "$scratch/lists/partial" "$scratch/cache/archives/partial"
# An empty list of what is installed: what a package needs is then the same on every machine.
touch "$scratch/status"
echo "deb [signed-by=$keyring] $mirror $suite main" > "$scratch/list"
apt=(apt-get --quiet=2 -o "Dir::Etc::SourceList=$scratch/list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$scratch/lists"
    -o "Dir::Cache=$scratch/cache" -o "Dir::State::status=$scratch/status" -o APT::Sandbox::User=root
    -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false)
"${apt[@]}" update > "$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
{
    printf '%s\n' "$@"
    if [ "$pattern" != none ]; then
        "${apt[@]}" install --no-install-recommends --simulate "$@" | awk '$1 == "Inst" { print $2 }' | grep -E "$pattern"
    fi
} | sort -u > "$scratch/wanted"
cd "$folder"
xargs "${apt[@]}" download < "$scratch/wanted" > "$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
