/*
 * QR codes in pictures, read by zbarimg of Debian's zbar-tools: a child that gets the picture on its
 * standard input, is told which format that is, and is given a time.
 */
#ifndef TROTH_TOOLS_QR_READ_H
#define TROTH_TOOLS_QR_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <troth/oob.h>
#include <troth/qr_payload.h>

/* PNG, JPEG, GIF, BMP, WebP, TIFF, HEIC or PNM, by its first octets. */
bool qr_is_picture(const uint8_t *octets, size_t len);
/* The same of a file, which may be anything; "-" is none. */
bool qr_is_picture_file(const char *path);

/*
 * The provisioning payload of a picture, whatever other codes are in it. Payloads of two devices are
 * one too many. False: `why` is a sentence that says what to do, q all zero. Wipe q.
 */
bool qr_read_payload(const char *path, struct troth_qr *q, char *why, size_t why_cap);
/* The out-of-band block of a picture, likewise. */
bool qr_read_oob(const char *path, struct troth_oob_block *block, char *why, size_t why_cap);

/*
 * What texts of codes, one behind the other without anything between, hold: the payloads among
 * them. 0, 1, or 2 for more than one; q is the first. fault: of the whole as one payload.
 */
unsigned qr_find_payload(const char *texts, size_t len, struct troth_qr *q,
                         enum troth_qr_fault *fault);

#endif
