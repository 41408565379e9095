/* SPDX-License-Identifier: MIT */
/*
 * Recording what programs touch: with vm.sample=MS on the command line every entry of every
 * program is dropped each MS milliseconds. The page table is only a cache, so no program
 * notices; but the first touch of each page in each interval is now a fault, and the trace has
 * it. What comes of it is a reference string for the policy lab, exact to the interval:
 * docs/policy.md. Use it with vm.faultaround=0, lest neighbours be mapped unseen.
 */
#pragma once

void sample_start(void); /* reads the option; starts the thread if it is given */
