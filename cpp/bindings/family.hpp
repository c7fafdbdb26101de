// Python classes of the members of a family, made from their one list of fields: constructor,
// properties, repr, ==, hash, pickle, get_params and documentation.
#pragma once

#include "fields.hpp"

namespace fastmlp::bindings {

// Constructor arguments by name: positional ones in the order of `names`, then keywords.
py::dict bind_arguments(const char* where, const py::list& names, const py::args& args,
                        const py::kwargs& kwargs);

// "Adam(learning_rate=0.001, beta1=0.9)"
std::string member_repr(const char* class_name, const py::dict& params);

// "self, learning_rate: float = 0.001", for the stubs.
std::string constructor_signature(const std::vector<FieldInfo>& fields);

// The numpydoc text: the call, the formula, parameters, errors, and a running example where there
// is one.
std::string member_doc(const char* class_name, const char* formula, const char* example,
                       const std::vector<FieldInfo>& fields);

// The parameters by name; with `deep` those of parameters that have some, as name__parameter.
py::dict deep_params(const py::dict& params, bool deep);

template <class Member>
auto example_of(int) -> decltype(Member::example) {
  return Member::example;
}
template <class Member>
const char* example_of(...) {
  return nullptr;
}

template <class Member>
Member make_member(const py::dict& values) {
  Member member{};
  Member::fields(member, FieldReader(Member::class_name, values));
  validate(member);
  return member;
}

// The constructor, with the real names of its arguments in the signature.
template <class Member, class Class>
void bind_constructor(Class& cls, const py::list& names) {
  const std::string signature = constructor_signature(list_fields<Member>());
  py::options options;
  options.disable_function_signatures();
  cls.def(py::init([names](const py::args& args, const py::kwargs& kwargs) {
            return make_member<Member>(bind_arguments(Member::class_name, names, args, kwargs));
          }),
          signature.c_str());
}

// Members are immutable: copies and clones are the object itself, so that references to layers
// stay.
template <class Member, class Class>
void bind_copies(Class& cls) {
  cls.def("__copy__", [](const py::object& self) { return self; });
  cls.def("__deepcopy__", [](const py::object& self, const py::dict&) { return self; });
  cls.def("__sklearn_clone__", [](const py::object& self) { return self; });
  cls.def(py::pickle([](const Member& self) { return write_fields(self); },
                     [](const py::dict& params) { return make_member<Member>(params); }));
  // Protocols 0 and 1 cannot reduce a native object by themselves.
  cls.def("__reduce__", [](const py::object& self) {
    const py::object allocate = py::module_::import("copyreg").attr("__newobj__");
    return py::make_tuple(allocate, py::make_tuple(py::type::of(self)),
                          write_fields(self.cast<const Member&>()));
  });
}

// Binds one member and enters it into the family's dict under its key.
template <class Member, class... Options>
py::class_<Member, Options...> bind_member(py::module_& m, py::dict& family) {
  const std::vector<FieldInfo> fields = list_fields<Member>();
  const std::string doc =
      member_doc(Member::class_name, Member::doc, example_of<Member>(0), fields);
  py::class_<Member, Options...> cls(m, Member::class_name, doc.c_str());
  py::list names;
  for (const FieldInfo& field : fields) {
    names.append(field.name);
    const auto get = [name = field.name](const Member& self) -> py::object {
      return write_fields(self)[name.c_str()];
    };
    cls.def_property_readonly(field.name.c_str(), get, field.description.c_str());
  }
  bind_constructor<Member>(cls, names);
  bind_copies<Member>(cls);
  cls.def(
      "get_params",
      [](const Member& self, bool deep) { return deep_params(write_fields(self), deep); },
      py::arg("deep") = true, "The hyperparameters by name; with deep those of nested values too.");
  cls.def("__repr__",
          [](const Member& self) { return member_repr(Member::class_name, write_fields(self)); });
  cls.def("__eq__", [](const Member& self, const py::object& other) {
    return py::isinstance<Member>(other) &&
           write_fields(self).equal(write_fields(other.cast<const Member&>()));
  });
  cls.def("__hash__", [](const Member& self) {
    return py::hash(py::str(member_repr(Member::class_name, write_fields(self))));
  });
  cls.attr("name") = Member::key;
  cls.attr("fields") = py::tuple(py::cast(fields));
  family[Member::key] = cls;
  return cls;
}

}  // namespace fastmlp::bindings
