// Containers with a limit that is set once, so that nothing allocates in the freeze window.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace vss::base {

// A vector stored in place. push_back past the limit is refused (false), never an abort: the
// limit is a promise about input. Freeze-safe.
template <typename T, std::size_t Limit>
class FixedVector {
 public:
  constexpr bool push_back(T value) {
    if (size_ == Limit) return false;
    items_[size_++] = std::move(value);
    return true;
  }
  constexpr void clear() { size_ = 0; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr bool full() const { return size_ == Limit; }
  static constexpr std::size_t limit() { return Limit; }

  constexpr T& operator[](std::size_t i) { return items_[checked(i)]; }
  constexpr const T& operator[](std::size_t i) const { return items_[checked(i)]; }
  constexpr T* begin() { return items_.data(); }
  constexpr T* end() { return items_.data() + size_; }
  constexpr const T* begin() const { return items_.data(); }
  constexpr const T* end() const { return items_.data() + size_; }

 private:
  constexpr std::size_t checked(std::size_t i) const {
    VSS_ASSERT(i < size_);
    return i;
  }
  std::array<T, Limit> items_{};
  std::size_t size_ = 0;
};

// A vector whose memory is taken at construction and touched, so that it is resident before the
// process locks its memory. Growing past the limit is refused. Freeze-safe after construction.
template <typename T>
class PreallocatedVector {
 public:
  explicit PreallocatedVector(std::size_t limit) : limit_(limit) {
    items_.resize(limit);
    items_.clear();
  }
  bool push_back(T value) {
    if (items_.size() == limit_) return false;
    items_.push_back(std::move(value));
    return true;
  }
  void clear() { items_.clear(); }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  std::size_t limit() const { return limit_; }
  T& operator[](std::size_t i) { return items_[i]; }
  const T& operator[](std::size_t i) const { return items_[i]; }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

 private:
  std::vector<T> items_;
  std::size_t limit_;
};

}  // namespace vss::base
