#!/usr/bin/env bash
# Unpacks Ruby with gem and bundler out of a Debian release, whichever release this machine has. Nothing is installed.
# Ruby comes with the libraries and the loader of its own release, so that it runs on an older or a newer system.
#
#   unpack-ruby.sh trixie .cache/ruby/trixie     then .cache/ruby/trixie/bin/{ruby,gem,bundle}
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p "$2"
root=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
shopt -s nullglob

./debian-suite.sh "$1" "$scratch" '^(bundler|rake|ruby|lib)' ruby bundler
for package in "$scratch"/*.deb; do
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
