# What is erased while OpenThread is away is forgotten there too when it is back, in this life of
# trothd or the next, unless another network takes its place. With ot-daemon, a double of its
# socket: stories of tests/support/openthread_stories.py.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with 'gi' 'python3-gi'
$python -c 'from openthread_stories import *; play_openthread("daemon", stories=AWAY)'
