#include "stream.hpp"

#include <algorithm>
#include <vector>

#include <boost/asio/write.hpp>

namespace console::http {

void Stream::begin() {
    watch();
    pump();
}

void Stream::send(Text text) {
    if (over_) {
        return;
    }
    queued_ += text->size();
    queue_.push_back(std::move(text));
    // What is larger than all of the room goes alone.
    if (queue_.size() > ground_.limits.stream_queue ||
        (queued_ > ground_.limits.stream_bytes && queue_.size() > 1)) {
        ground_.tally.cut_off.add();
        close();
    }
}

void Stream::pump() {
    if (over_ || writing_ > 0 || queue_.empty()) {
        return;
    }
    writing_ = std::min(queue_.size(), at_once);
    since_ = Clock::now();
    std::vector<asio::const_buffer> parts;
    for (std::size_t at = 0; at < writing_; ++at) {
        parts.push_back(asio::buffer(*queue_[at]));
    }
    asio::async_write(socket_, parts, [self = shared_from_this()](Code error, std::size_t) {
        for (; self->writing_ > 0; --self->writing_) {
            self->queued_ -= self->queue_.front()->size();
            self->queue_.pop_front();
        }
        if (error) {
            self->close();
        } else if (self->ground_.leaving) {
            self->leave();
        } else {
            self->pump();
        }
    });
}

// Nothing is expected of it but its end.
void Stream::watch() {
    watching_ = true;
    socket_.async_read_some(asio::buffer(heard_),
                            [self = shared_from_this()](Code error, std::size_t) {
                                self->watching_ = false;
                                if (self->over_) {
                                    return;
                                }
                                const bool called_off = error == asio::error::operation_aborted;
                                if (called_off && self->ground_.leaving) {
                                    self->leave();
                                } else {
                                    self->close();
                                }
                            });
}

void Stream::look(const Text& heartbeat) {
    const auto passed = ground_.now - since_;
    if (writing_ > 0 && passed > ground_.limits.write_time) {
        ground_.tally.cut_off.add();
        close();
    } else if (writing_ == 0 && passed >= ground_.limits.heartbeat) {
        send(heartbeat);
        pump();
    }
}

void Stream::leave() {
    if (over_ || writing_ > 0) {
        return;
    }
    if (!queue_.empty()) {
        pump();
    } else if (watching_) {
        Code ignored;
        socket_.cancel(ignored);
    } else {
        hand_over();
    }
}

void Stream::hand_over() {
    finish();
    Code error;
    const int fd = socket_.release(error);
    if (!error) {
        ground_.kept.push_back({noa::sdk::Fd(fd), "s" + std::to_string(topics_)});
    }
}

void Stream::finish() {
    over_ = true;
    gone_(*this);
}

void Stream::close() {
    if (over_) {
        return;
    }
    finish();
    Code ignored;
    socket_.close(ignored);
}

} // namespace console::http
