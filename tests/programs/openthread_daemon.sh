# trothd with ot-daemon as its network, which is a double behind a socket of its own: the stories of
# tests/support/openthread_stories.py.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with 'gi' 'python3-gi'
$python -c 'from openthread_stories import *; play_openthread("daemon")'
