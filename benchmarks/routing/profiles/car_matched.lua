-- OSRM's own car.lua, found on LUA_PATH, with the fastest instead of the most pleasant way and without costs of turns,
-- signals and gates: what is left are speeds, access, one-ways, turn restrictions and 20 s for turning round.
local car = require("car")
local car_setup = car.setup

local function setup()
  local profile = car_setup()
  profile.properties.weight_name = "duration"
  return profile
end

local function process_turn(profile, turn)
  turn.duration = turn.is_u_turn and profile.properties.u_turn_penalty or 0
  turn.weight = turn.duration
end

return {
  setup = setup,
  process_way = car.process_way,
  process_node = car.process_node,
  process_turn = process_turn,
}
