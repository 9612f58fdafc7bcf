/* Numbers of connections. */
#include <troth/types.h>

troth_link troth_link_next(troth_link last)
{
    return last < TROTH_LINK_LAST ? (troth_link)(last + 1) : TROTH_NO_LINK + 1;
}
