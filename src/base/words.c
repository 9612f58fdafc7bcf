#include <troth/types.h>

const char *troth_result_words(int result)
{
    if (result > 0) /* some calls answer a count */
        return "done";
    switch ((enum troth_result)result) {
    case TROTH_OK:
        return "done";
    case TROTH_BUSY:
        return "busy: another procedure is running or a queue is full; try again after it ends";
    case TROTH_INVALID:
        return "a value is out of range or the data is damaged";
    case TROTH_STATE:
        return "not possible in this state, for example without a connection or a key";
    case TROTH_NOT_FOUND:
        return "no such link, bond, handle or question";
    case TROTH_STALE:
        return "too late: the question was withdrawn or answered already";
    case TROTH_FULL:
        return "no more room; remove an entry, or build with a larger limit (troth/config.h)";
    case TROTH_UNSUPPORTED:
        return "not supported by the controller, by this build, or by this version of troth";
    case TROTH_FAILED:
        return "the store or the crypto library refused; its own message says why";
    }
    return "an error this version of troth does not know";
}
