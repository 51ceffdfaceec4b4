# Fonts of the bulletin (crates/bulletin): from Debian's packages, unpacked into a folder of ours, nothing installed.

# File and package. The order is that of crates/bulletin/src/typefaces.rs.
FONT_FILES=(
  FandolFang-Regular.otf:texlive-lang-chinese
  FandolKai-Regular.otf:texlive-lang-chinese
  FandolHei-Regular.otf:texlive-lang-chinese
  FandolSong-Regular.otf:texlive-lang-chinese
  NotoSerifCJK-Bold.ttc:fonts-noto-cjk
  NotoSerifCJK-Regular.ttc:fonts-noto-cjk
  HanaMinA.ttf:fonts-hanazono
  HanaMinB.ttf:fonts-hanazono
  BabelStoneHan.ttf:fonts-babelstone-han
)
FONT_FOLDERS=(/usr/local/share/fonts /usr/share/fonts /usr/share/texlive/texmf-dist/fonts/opentype/public/fandol)

# The packages whose files are nowhere, each once.
fonts_missing() {
  local entry
  for entry in "${FONT_FILES[@]}"; do
    [[ -s $TOOLS/fonts/${entry%%:*} ]] && continue
    [[ -n $(find "${FONT_FOLDERS[@]}" -name "${entry%%:*}" -print -quit 2>/dev/null) ]] || printf '%s\n' "${entry##*:}"
  done | sort -u
}

# Fetches what is missing; without it everything works but `xiaoan bulletin` and its tests.
find_fonts() {
  local missing
  mapfile -t missing < <(fonts_missing)
  ((${#missing[@]})) || return 0
  if have apt-get && have dpkg-deb; then
    step "fetching fonts (${missing[*]})" fetch_fonts "${missing[@]}" && return
  fi
  warn "!! no fonts for bulletins: ask for the packages ${missing[*]}, or put their files into .dev/tools/fonts"
}
fetch_fonts() {
  local work=$TOOLS/fonts.new entry file
  rm -rf "$work" && mkdir -p "$work/debs" "$TOOLS/fonts" || return 1
  if is_root; then apt_update; fi
  # As root, apt downloads as another user, who cannot write here: that is only a warning.
  (cd "$work/debs" && apt_get -qq download "$@") || return 1
  for file in "$work"/debs/*.deb; do dpkg-deb -x "$file" "$work/files" || return 1; done
  for entry in "${FONT_FILES[@]}"; do
    file=$(find "$work/files" -name "${entry%%:*}" -type f -print -quit)
    [[ -z $file ]] || mv "$file" "$TOOLS/fonts/" || return 1
  done
  rm -rf "$work"
}

cmd_fonts() {
  find_fonts
  [[ -z $(fonts_missing) ]] || exit 1
  say "fonts for bulletins are there"
}

# Reads PDFs back in tests.
find_poppler() {
  have pdftotext && have pdffonts && return
  is_root && have apt-get && step "installing poppler-utils for the tests of bulletins" apt_install poppler-utils && return
  warn "!! no pdftotext: the tests of bulletins will fail; ask for the package poppler-utils"
}
