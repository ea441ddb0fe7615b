// Which sanitizer this is built with, as gcc and as clang say it; what ThreadSanitizer cannot see.
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

// A hop through libzmq, which is not instrumented: what one thread did before it gave the message
// away is done for the thread that has got it, or gives it back. `address` is any both know.
#ifdef NOA_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#define NOA_HOP_RELEASE(address) __tsan_release(address)
#define NOA_HOP_ACQUIRE(address) __tsan_acquire(address)
#else
#define NOA_HOP_RELEASE(address) static_cast<void>(address)
#define NOA_HOP_ACQUIRE(address) static_cast<void>(address)
#endif
