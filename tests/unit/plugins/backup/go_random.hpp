// The numbers of Go's math/rand, in which restic's chunker publishes its test data. Its seed is
// mixed with a table: the state of its own generator after 7.8e12 steps, which is worked out here
// by raising x to that power modulo the recurrence.
#pragma once

#include <cstdint>
#include <vector>

namespace backup {

class GoRandom {
public:
    explicit GoRandom(std::int32_t seed) {
        const std::vector<std::uint64_t> table = state_after(7'800'000'000'000);
        state_ = seeded(seed, 40, 20);
        for (std::size_t at = 0; at < length; ++at) {
            state_[at] ^= table[at];
        }
    }

    std::vector<std::uint8_t> bytes(std::size_t count) {
        std::vector<std::uint8_t> out;
        out.reserve(count + 4);
        while (out.size() < count) {
            const auto number = static_cast<std::uint32_t>((next() & (UINT64_MAX >> 1U)) >> 31U);
            for (unsigned shift = 0; shift < 32; shift += 8) {
                out.push_back(static_cast<std::uint8_t>(number >> shift));
            }
        }
        out.resize(count);
        return out;
    }

private:
    using Numbers = std::vector<std::uint64_t>;
    static constexpr std::size_t length = 607;
    static constexpr std::size_t tap = 273;

    std::uint64_t next() {
        tap_ = (tap_ + length - 1) % length;
        feed_ = (feed_ + length - 1) % length;
        return state_[feed_] += state_[tap_];
    }

    static std::int64_t step(std::int64_t x) { return 48271 * x % 2'147'483'647; }
    static Numbers seeded(std::int64_t x, unsigned first, unsigned second) {
        Numbers numbers(length);
        for (int round = 0; round < 20; ++round) {
            x = step(x);
        }
        for (std::uint64_t& number : numbers) {
            x = step(x);
            number = static_cast<std::uint64_t>(x) << first;
            x = step(x);
            number ^= static_cast<std::uint64_t>(x) << second;
            x = step(x);
            number ^= static_cast<std::uint64_t>(x);
        }
        return numbers;
    }

    // s[n + 607] = s[n] + s[n + 334]
    static void reduce(Numbers& polynomial) {
        for (std::size_t at = polynomial.size() - 1; at >= length; --at) {
            polynomial[at - length] += polynomial[at];
            polynomial[at - tap] += polynomial[at];
        }
        polynomial.resize(length);
    }
    static Numbers power_of_x(std::uint64_t exponent) {
        Numbers power(length);
        power[0] = 1;
        for (int bit = 63; bit >= 0; --bit) {
            Numbers square(2 * length);
            const std::size_t shift = exponent >> static_cast<unsigned>(bit) & 1U;
            for (std::size_t i = 0; i < length; ++i) {
                for (std::size_t j = 0; power[i] != 0 && j < length; ++j) {
                    square[i + j + shift] += power[i] * power[j];
                }
            }
            reduce(square);
            power = std::move(square);
        }
        return power;
    }
    // The order in which the generator comes by the places of its state.
    static std::size_t place(std::size_t step) {
        return (length - tap + length - 1 - step % length) % length;
    }
    static Numbers state_after(std::uint64_t steps) {
        const Numbers start = seeded(1, 20, 10);
        Numbers sequence(2 * length);
        for (std::size_t at = 0; at < sequence.size(); ++at) {
            sequence[at] =
                at < length ? start[place(at)] : sequence[at - length] + sequence[at - tap];
        }
        const Numbers power = power_of_x(steps);
        Numbers state(length);
        for (std::size_t at = 0; at < length; ++at) {
            std::uint64_t sum = 0;
            for (std::size_t term = 0; term < length; ++term) {
                sum += power[term] * sequence[at + term];
            }
            state[place(static_cast<std::size_t>((steps + at) % length))] = sum;
        }
        return state;
    }

    Numbers state_;
    std::size_t tap_ = 0;
    std::size_t feed_ = length - tap;
};

} // namespace backup
