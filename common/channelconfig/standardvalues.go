// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"fmt"
	"reflect"

	"github.com/golang/protobuf/proto"
	cb "github.com/hyperledger/fabric/protos/common"
)

// StandardValues is the set of value keys that a group may hold, each with the
// message that its bytes decode into. Build it with NewStandardValues.
type StandardValues struct {
	messages map[string]proto.Message
}

var messageType = reflect.TypeOf((*proto.Message)(nil)).Elem()

// NewStandardValues builds the set from pointers to structs such as
// *ChannelProtos: every exported field is a pointer to a message, and its name
// is the key. The fields are set to new, empty messages, which Deserialize
// then fills: that is how an absent value comes to read as an empty one.
// Embedded structs, by value, contribute their fields. An argument of another
// shape, or a key that occurs twice, is an error.
func NewStandardValues(holders ...interface{}) (*StandardValues, error) {
	sv := &StandardValues{messages: make(map[string]proto.Message)}
	for _, holder := range holders {
		v := reflect.ValueOf(holder)
		if v.Kind() != reflect.Ptr || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return nil, fmt.Errorf("config values are described by a non-nil pointer to a struct, not by %T", holder)
		}
		if err := sv.collect(v.Elem()); err != nil {
			return nil, err
		}
	}
	return sv, nil
}

// collect adds the fields of one struct.
func (sv *StandardValues) collect(holder reflect.Value) error {
	for i := 0; i < holder.NumField(); i++ {
		field, value := holder.Type().Field(i), holder.Field(i)
		if field.Anonymous && field.Type.Kind() == reflect.Struct {
			if err := sv.collect(value); err != nil {
				return err
			}
			continue
		}
		if field.Type.Kind() != reflect.Ptr || !field.Type.Implements(messageType) || !value.CanSet() {
			return fmt.Errorf("field %s of %s is not an exported pointer to a protobuf message", field.Name, holder.Type())
		}
		if _, taken := sv.messages[field.Name]; taken {
			return fmt.Errorf("two fields describe the config value %s", field.Name)
		}
		value.Set(reflect.New(field.Type.Elem()))
		sv.messages[field.Name] = value.Interface().(proto.Message)
	}
	return nil
}

// Deserialize decodes the bytes of the value with that key into its field and
// returns the message. A key outside the set is an error.
func (sv *StandardValues) Deserialize(key string, value []byte) (proto.Message, error) {
	message, known := sv.messages[key]
	if !known {
		return nil, fmt.Errorf("Unexpected key %s", key)
	}
	if err := proto.Unmarshal(value, message); err != nil {
		return nil, fmt.Errorf("value %s does not decode as a %T: %w", key, message, err)
	}
	return message, nil
}

// DeserializeProtoValuesFromGroup decodes all values of a group into the given
// structs, which are as for NewStandardValues. A nil group, a nil value, or a
// key without a field is an error.
func DeserializeProtoValuesFromGroup(group *cb.ConfigGroup, holders ...interface{}) error {
	sv, err := NewStandardValues(holders...)
	if err != nil {
		return err
	}
	if group == nil {
		return fmt.Errorf("config group is nil")
	}
	// Sorted, so that several faults always yield the same error.
	for _, key := range sortedKeys(group.Values) {
		value := group.Values[key]
		if value == nil {
			return fmt.Errorf("value %s is nil", key)
		}
		if _, err := sv.Deserialize(key, value.Value); err != nil {
			return err
		}
	}
	return nil
}
