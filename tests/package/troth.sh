# The client: says who it is, has its pages, completes, works with the air it brings.
troth --version | grep '^troth [0-9]' >/dev/null || fail "no version"
apt-get -q -y --no-install-recommends install man-db bash-completion zsh fish
for page in troth troth-scan troth-provision-wifi troth-bonds-export; do
    # The smallest Debian leaves manual pages out; where they are kept, they must read well.
    [ ! -e "/usr/share/man/man1/$page.1.gz" ] ||
        man --warnings -E UTF-8 -l "/usr/share/man/man1/$page.1.gz" 2>&1 >/dev/null | tee /tmp/man
    [ ! -s /tmp/man ] || fail "man has warnings about $page"
done

words=$(bash -ic '. /usr/share/bash-completion/bash_completion
    . /usr/share/bash-completion/completions/troth
    COMP_WORDS=(troth pr) COMP_CWORD=1; _troth; echo "${COMPREPLY[*]}"' 2>/dev/null)
[ "$words" = "provision predict" ] || fail "bash completes 'troth pr' to '$words'"
words=$(fish -c 'complete -C "troth pr"' | cut -f 1 | sort | paste -sd ' ')
[ "$words" = "predict provision" ] || fail "fish completes 'troth pr' to '$words'"
zsh -n /usr/share/zsh/vendor-completions/_troth || fail "zsh does not read its completion"

troth predict -i kd,mitm,sc -r none,mitm,sc >/dev/null
cd /tmp
troth air --listen unix:/tmp/air >/tmp/air.log &
air=$!
while [ ! -S /tmp/air ]; do kill -0 $air; sleep 0.05; done
troth scan --transport unix:/tmp/air --store /tmp/phone.db --for 1
kill $air
wait $air
rm -f /tmp/air /tmp/phone.db*
troth doctor >/tmp/doctor || true
grep -qi bluetooth /tmp/doctor || fail "troth doctor says nothing of Bluetooth"
