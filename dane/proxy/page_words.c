/* page_words.c: see page_words.h. Commands are those that `hearth` has today. */
#include "dane/proxy/page_words.h"

#include <stddef.h>

#define SENT_NOTHING "Nothing of what you asked for was sent to it."
#define ASK_THEM                                                                                   \
    "Ask somebody of that household whether the device was changed. Only they can publish its "    \
    "new key; it opens here by itself then."

static const struct page_words words[PAGE_KIND_COUNT] = {
    [PAGE_MISMATCH] =
        {.status = 502,
         .mood = "alarm",
         .heading = "This is not the device that the household knows",
         .lead =
             "What answered as {place}{at} has another key than the one published. " SENT_NOTHING,
         .steps = {"<b>If nobody changed the device:</b> don't sign in to it in another way. See "
                   "what stands at that address, then check again: {verify}",
                   "<b>If it was replaced or reset on purpose:</b> hold the presented key against "
                   "the one that the device itself shows, then publish it: {adopt}",
                   "What is known of this name, and since when: {show}"},
         .followed_steps = {ASK_THEM, "Until then, don't sign in to it in another way.",
                            "To check again: {verify}"}},
    [PAGE_WITHDRAWN] =
        {.status = 502,
         .mood = "alarm",
         .heading = "This device's key was withdrawn",
         .lead = "What answered as {place}{at} has a key that the household has withdrawn for "
                 "good. " SENT_NOTHING,
         .steps = {"<b>If you still have the device:</b> let it make a new key (reset it, or renew "
                   "the certificate in its settings), then publish that: {adopt}",
                   "<b>If it is lost, stolen or sold:</b> whoever holds it can't pass for your "
                   "device any more. Take its name away: {forget}",
                   "Who did what, newest first: {log}"},
         .followed_steps = {ASK_THEM, "To check again: {verify}"}},
    [PAGE_STALE] = {.status = 502,
                    .mood = "calm",
                    .heading = "Too long without news from the household",
                    .lead =
                        "This computer has heard nothing from the household's own machines for so "
                        "long that it would not know of a withdrawn key. So {host} is not opened.",
                    .steps = {"See what is missing, and since when: {status}",
                              "Bring this computer and one of those machines into touch again. The "
                              "device opens by itself then.",
                              "If the clock of this computer is wrong, set it."}},
    [PAGE_NO_RECORD] =
        {.status = 502,
         .mood = "calm",
         .heading = "No key is published for this device",
         .lead = "Nothing says which key {host} must have at port {port}, so nobody could tell it "
                 "from an impostor. No other authority is asked instead.",
         .steps = {"If the device speaks HTTPS there, look at its key and publish it: {adopt}",
                   "If it only speaks plain http, open it by its <code>http:</code> address.",
                   "What is published for this name: {show}"},
         .followed_steps = {"Ask somebody of that household to publish the device's key.",
                            "What is published for this name: {show}"}},
    [PAGE_NO_NAME] = {.status = 502,
                      .mood = "calm",
                      .heading = "The household has no such name",
                      .lead = "Nothing is published for {host}.",
                      .steps = {"Check the spelling. All names: {ls}",
                                "To give this name to a device: {adopt}"},
                      .followed_steps = {"Check the spelling. All names: {ls}"}},
    [PAGE_NO_ADDRESS] =
        {.status = 502,
         .mood = "calm",
         .heading = "Nobody knows where this device is",
         .lead = "A key is published for {place}, but no address.",
         .steps = {"Publish its address (<code>A</code> for IPv4): {set}",
                   "What is published for this name: {show}"},
         .followed_steps = {"Ask somebody of that household to publish its address."}},
    [PAGE_UNREACHABLE] =
        {.status = 504,
         .mood = "calm",
         .heading = "The device does not answer",
         .lead = "{place} was tried{at}, and there was no connection.",
         .steps = {"Is it switched on, and in the same network as this computer?",
                   "To try again and see more: {verify}",
                   "If it has another address now, publish that (<code>A</code> for IPv4): {set}"},
         .followed_steps = {"Is this computer in a network from which the device can be reached?",
                            "To try again and see more: {verify}"}},
    [PAGE_CONFLICT] =
        {.status = 502,
         .mood = "alarm",
         .heading = "The household says two things about this device",
         .lead =
             "Its keys were published more than once, and neither write replaces the other. What "
             "answered as {place}{at} does not have the key that counts now. " SENT_NOTHING,
         .steps = {"See both writes and who signed them: {show}",
                   "Hold the presented key against the one that the device itself shows. If they "
                   "are the same, publishing it settles the matter: {adopt}",
                   "If they are not, don't sign in to it in another way."},
         .followed_steps =
             {"Ask somebody of that household: whoever publishes the right key again settles it.",
              "To check again: {verify}"}},
    [PAGE_SHARED_KEY] =
        {.status = 502,
         .mood = "alarm",
         .heading = "This key belongs to another device",
         .lead = "What answered as {place}{at} has a key that your own household, or one that you "
                 "followed earlier, publishes under another name. A device is shown under one "
                 "household's names only. " SENT_NOTHING,
         .steps = {"Open it by the other name. All names: {ls}",
                   "If the device was passed on to this household, its former household has to "
                   "take its name away (<code>hearth forget NAME</code>)."}},
    [PAGE_NOT_TLS] = {.status = 502,
                      .mood = "calm",
                      .heading = "The device did not speak HTTPS",
                      .lead = "A key is published for {place}, but what answered{at} could not "
                              "complete the greeting. " SENT_NOTHING,
                      .steps = {"Is HTTPS switched on in the device's settings, at port {port}?",
                                "To try again and see more: {verify}",
                                "A device that knows nothing newer than SSL 3, RC4 or 3DES can't "
                                "be opened: this computer does not have them any more."}},
    [PAGE_H2_ONLY] =
        {.status = 502,
         .mood = "calm",
         .heading = "The device speaks HTTP/2 only",
         .lead = "{place} would be opened, but Hearth has to read every request to guard the "
                 "device from other sites, and it reads HTTP/1.1. " SENT_NOTHING,
         .steps =
             {"Switch HTTP/1.1 on in the device's settings, beside HTTP/2.",
              "Programs other than browsers can reach it with the key checked by libhearth-dane."}},
    [PAGE_BROKEN] = {.status = 502,
                     .mood = "calm",
                     .heading = "The device's answer can't be passed on",
                     .lead = "{place} has the right key, but its answer breaks the rules of HTTP, "
                             "and guessing what it means is not safe.",
                     .steps = {"Try once more. If it stays so, restart the device.",
                               "Newer software for the device may mend it."}},
    [PAGE_NO_VIEW] = {.status = 502,
                      .mood = "calm",
                      .heading = "Hearth knows no names here yet",
                      .lead =
                          "The list of the household's names is missing on this computer, or can't "
                          "be read. Without it nobody can say whether a device is the right one.",
                      .steps = {"See whether hearthd runs and what it says: {status}",
                                "If there is no household yet, make one: {init}"}},
    [PAGE_FOREIGN_LINK] =
        {.status = 200,
         .mood = "ask",
         .heading = "Another site led you here",
         .lead = "Something outside of {host} wants to open this address on your device. Which "
                 "site it was is not known here. The device has got nothing yet.",
         .steps = {NULL}},
    [PAGE_FORBIDDEN] = {.status = 403,
                        .mood = "calm",
                        .heading = "This request was not passed on",
                        .lead = "Hearth stopped it before it reached {host}.",
                        .steps = {NULL}},
    [PAGE_BAD_REQUEST] =
        {.status = 400,
         .mood = "calm",
         .heading = "This request can't be read",
         .lead = "What the browser or program sent has no single meaning, so it was not passed on.",
         .steps = {NULL}},
};

const struct page_words *page_words_of(enum page_kind kind)
{
    return &words[(unsigned)kind < PAGE_KIND_COUNT ? kind : PAGE_FORBIDDEN];
}
