#!/usr/bin/env bash
# Unpacks Ruby with gem and bundler out of a Debian release, whichever release this machine has. Nothing is installed.
# Ruby comes with the libraries and the loader of its own release, so that it runs on an older or a newer system. The
# mirror is the one that apt on this machine uses.
#
#   unpack-ruby.sh trixie .cache/ruby/trixie     then .cache/ruby/trixie/bin/{ruby,gem,bundle}
set -euo pipefail
suite=$1
mkdir -p "$2"
root=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/{lists,cache/archives}/partial "$scratch/debs"

# The entry of the main archive, with another release in it; both forms that apt has for sources.
shopt -s nullglob
for file in /etc/apt/sources.list.d/*.sources; do
    awk -v RS= '/(^|\n)Suites: / && !/-security/' "$file" | sed -E "s/^Suites:.*/Suites: $suite/; s/^Components:.*/Components: main/"
done > "$scratch/main.sources"
if ! [ -s "$scratch/main.sources" ]; then
    sed -n -E "s/^deb (\[[^]]*\] )?(\S+) \S+ main.*/deb \1\2 $suite main/p" /etc/apt/sources.list /etc/apt/sources.list.d/*.list |
        grep -v security | head -1 > "$scratch/main.list"
    rm "$scratch/main.sources"
fi
list=$(echo "$scratch"/main.*)
apt=(-o "Dir::Etc::SourceList=$list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$scratch/lists"
    -o "Dir::Cache=$scratch/cache" -o Dir::State::status=/dev/null -o "APT::Sandbox::User=$(id -un)"
    -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 -o Acquire::Retries=2)

apt-get "${apt[@]}" update --quiet=2 > "$scratch/apt.log" 2>&1 || { cat "$scratch/apt.log" >&2; exit 1; }
apt-cache "${apt[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances ruby bundler | grep -E '^(bundler|rake|ruby|lib)' | sort -u > "$scratch/wanted"
(cd "$scratch/debs" && xargs apt-get "${apt[@]}" download --quiet=2 < "$scratch/wanted" > "$scratch/apt.log" 2>&1) ||
    { cat "$scratch/apt.log" >&2; exit 1; }
for package in "$scratch"/debs/*.deb; do
    dpkg -x "$package" "$root"
done
rm -rf "$root"/usr/share/{doc,man,locale,ri}

# Ruby looks for its own files where the package would have put them; it is told where they are. Nothing of a Ruby that
# the system may have takes part.
real=$(echo "$root"/usr/bin/ruby[0-9]*)
version=$(basename "$real")
triplet=$(cd "$root/usr/lib" && dirname */ruby)
api=$(cd "$root/usr/lib/$triplet/ruby" && echo [0-9]*)
loader=$(find "$root" -name 'ld-linux-*.so.*' | head -1)
libraries=$root/lib/$triplet:$root/usr/lib/$triplet
mv "$real" "$root/usr/bin/$version.real"
cat > "$real" <<END
#!/bin/sh
export RUBYLIB="$root/usr/lib/ruby/vendor_ruby:$root/usr/lib/$triplet/ruby/vendor_ruby/$api:$root/usr/lib/ruby/$api:$root/usr/lib/$triplet/ruby/$api\${RUBYLIB:+:\$RUBYLIB}"
export GEM_PATH="\${GEM_PATH:-$root/usr/share/rubygems-integration/all}"
exec "$loader" --library-path "$libraries" "$root/usr/bin/$version.real" "\$@"
END
chmod +x "$real"
mkdir -p "$root/bin"
for program in gem bundle; do
    script=$(readlink -f "$root/usr/bin/$program" 2>/dev/null || true)
    [ -e "$script" ] || script=$(ls "$root"/usr/bin/"$program"* | head -1)
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$real" "$script" > "$root/bin/$program"
    chmod +x "$root/bin/$program"
done
ln -sfn "$real" "$root/bin/ruby"
"$root/bin/gem" --version > /dev/null
"$root/bin/bundle" --version > /dev/null
