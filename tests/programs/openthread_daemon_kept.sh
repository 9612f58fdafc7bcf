# What is in OpenThread and not Troth's stays: when trothd is killed in the middle of an attempt, when
# it is told to forget, when its dataset cannot be read. With ot-daemon, a double behind a socket of its own:
# stories of tests/support/openthread_stories.py.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with 'gi' 'python3-gi'
$python -c 'from openthread_stories import *; play_openthread("daemon", stories=KEPT)'
