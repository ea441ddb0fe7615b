// Which sanitizer this is built with, as gcc and as clang say it.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define NOA_ADDRESS_SANITIZER 1
#endif
#if defined(__SANITIZE_THREAD__)
#define NOA_THREAD_SANITIZER 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NOA_ADDRESS_SANITIZER 1
#endif
#if __has_feature(thread_sanitizer)
#define NOA_THREAD_SANITIZER 1
#endif
#endif
#if defined(NOA_ADDRESS_SANITIZER) || defined(NOA_THREAD_SANITIZER)
// Either: it has signal handlers of its own, reserves terabytes, reads /proc/self.
#define NOA_UNDER_SANITIZER 1
#endif
