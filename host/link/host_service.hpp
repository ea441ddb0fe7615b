// Does what a runner asks of the host.
#pragma once

#include "link/channel.hpp"
#include "link/home.hpp"
#include "link/protocol.hpp"

namespace noa::link {

// Whether an ask has to be done on the lane.
[[nodiscard]] constexpr bool is_for_lane(Ask ask) noexcept {
    return ask >= Ask::subscribe;
}

class HostService {
public:
    HostService(Home& home, Channel& channel, std::uint64_t tag_bits)
        : home_(home), channel_(channel), tag_bits_(tag_bits) {}

    // Each is false when the frame is none that a runner would send.
    //
    // `frame` behind its id and function; the answer is put, not sent.
    [[nodiscard]] bool ask(std::uint32_t id, Ask function, Reader& in, Frame& frame);
    [[nodiscard]] bool log(Reader& in);

    // A body that the frame brought, in a buffer of the host's when it is large: copied once.
    class Loan {
    public:
        Loan(Home& home, const Body& body, Frame& frame, noa_outgoing& message);
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;
        ~Loan(); // frees what nobody has taken
        [[nodiscard]] bool good() const noexcept { return good_; }
        [[nodiscard]] noa_status status() const noexcept { return status_; }
        void taken() noexcept { buffer_.handle = 0; }

    private:
        Home& home_;
        noa_buffer buffer_{};
        bool good_ = true;           // no lie about its memory
        noa_status status_ = NOA_OK; // of getting a buffer
    };

private:
    template <class Fill>
    void answer(std::uint32_t id, noa_status status, Fill&& fill);
    void answer(std::uint32_t id, noa_status status);
    [[nodiscard]] bool send(std::uint32_t id, Ask function, Reader& in, Frame& frame);
    [[nodiscard]] bool send_many(std::uint32_t id, Reader& in);
    [[nodiscard]] bool sockets(std::uint32_t id, Ask function, Reader& in, Frame& frame);
    [[nodiscard]] bool listen(std::uint32_t id, const noa_listener_host& table, Reader& in);
    [[nodiscard]] bool keep(std::uint32_t id, const noa_listener_host& table, Reader& in,
                            Frame& frame);
    void take(std::uint32_t id, const noa_listener_host& table);
    [[nodiscard]] bool arena(std::uint32_t id, Ask function, Reader& in);
    void state_dir(std::uint32_t id);
    void facts(std::uint32_t id);

    Home& home_;
    Channel& channel_;
    const std::uint64_t tag_bits_; // of requests: whom of several an answer belongs to
};

} // namespace noa::link
