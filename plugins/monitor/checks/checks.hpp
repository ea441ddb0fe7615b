// Every check at its time, all side by side: attempts, retries, and what came of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exchange.hpp"
#include "terms.hpp"

namespace monitor {

// unhealthy: it answered, and otherwise than it should. error: there was no answer.
enum class CheckStatus { unknown, healthy, unhealthy, error };

[[nodiscard]] std::string_view name_of(CheckStatus status) noexcept;

struct Verdict {
    CheckStatus status = CheckStatus::unknown;
    std::string text; // why; empty when healthy
};

// What the checks need of their surroundings.
class CheckPort : public ExchangePort {
public:
    using Settled = noa::sdk::Function<void(Verdict)>;

    [[nodiscard]] virtual noa::Time check_now() const = 0;
    // A check of type bus, process or file.
    virtual void look(const CheckSetting& setting, Settled then) = 0;
    // The status of a check is another one than before.
    virtual void changed(const CheckSetting& setting, const Verdict& verdict) = 0;

protected:
    ~CheckPort() = default;
};

struct CheckState {
    CheckSetting setting;
    Verdict verdict;
    noa::Time last{};  // when it was settled
    noa::Time since{}; // when it became what it is
    noa::Duration took{0};
    std::uint64_t runs = 0;
};

// [lane] every function.
class Checks {
public:
    Checks(CheckPort& port, noa::Sockets& sockets) : port_(&port), sockets_(&sockets) {}

    // Replaces all; none runs until start.
    void set(const std::vector<CheckSetting>& settings);
    void start();
    void stop();

    using Done = noa::sdk::Function<void(const CheckState&)>;
    // Now, or with the run that is under way. False when there is none of that name.
    bool run(std::string_view name, Done done);
    [[nodiscard]] std::vector<const CheckState*> all() const;

private:
    // One check and the attempt that is under way.
    struct Check {
        Check(ExchangePort& port, noa::Sockets& sockets) : exchange(port, sockets) {}
        CheckState state;
        bool running = false;
        std::uint64_t attempt = 0; // grows with each; what ends late is not of this one
        std::uint32_t made = 0;    // in this run
        noa::Time began{};
        noa::sdk::TimerId next = 0;     // its next run or attempt
        noa::sdk::TimerId deadline = 0; // of an attempt that is no exchange
        Exchange exchange;
        std::vector<Done> waiting;
    };

    void begin(std::size_t at);
    void attempt(std::size_t at);
    void look(std::size_t at);
    void exchange(std::size_t at);
    void judge(std::size_t at, Exchanged outcome);
    void stop_timer(noa::sdk::TimerId& timer);
    void close(Check& check);
    void end(std::size_t at, Verdict verdict);
    void settle(std::size_t at, Verdict verdict);

    CheckPort* port_;
    noa::Sockets* sockets_;
    std::vector<std::unique_ptr<Check>> checks_;
};

} // namespace monitor
