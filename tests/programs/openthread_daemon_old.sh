# trothd with an ot-daemon of some years ago as its network, a double behind a socket of its own:
# stories of tests/support/openthread_stories.py.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with 'gi' 'python3-gi'
$python -c 'from openthread_stories import *; play_openthread("daemon", old=True)'
