CREATE TABLE migrations (
  version INTEGER PRIMARY KEY,
  applied_at TEXT NOT NULL
);

CREATE TABLE initiatives (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  description TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);

CREATE TABLE prds (
  id TEXT PRIMARY KEY,
  initiative_id TEXT NOT NULL REFERENCES initiatives(id),
  title TEXT NOT NULL,
  description TEXT,
  content TEXT NOT NULL,
  metadata TEXT DEFAULT '{}',
  status TEXT DEFAULT 'active' CHECK (status IN ('active', 'archived', 'cancelled')),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);
CREATE INDEX idx_prds_initiative ON prds (initiative_id);

CREATE TABLE tasks (
  id TEXT PRIMARY KEY,
  prd_id TEXT REFERENCES prds(id),
  parent_id TEXT REFERENCES tasks(id),
  title TEXT NOT NULL,
  description TEXT,
  assigned_agent TEXT,
  status TEXT DEFAULT 'pending' CHECK (status IN ('pending', 'in_progress', 'blocked', 'completed', 'cancelled')),
  blocked_reason TEXT,
  notes TEXT,
  metadata TEXT DEFAULT '{}',
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  archived INTEGER DEFAULT 0,
  archived_at TEXT DEFAULT NULL,
  archived_by_initiative_id TEXT DEFAULT NULL
);
CREATE INDEX idx_tasks_archived ON tasks (archived);
CREATE INDEX idx_tasks_status ON tasks (status);
CREATE INDEX idx_tasks_agent ON tasks (assigned_agent);
CREATE INDEX idx_tasks_parent ON tasks (parent_id);
CREATE INDEX idx_tasks_prd ON tasks (prd_id);

CREATE TABLE work_products (
  id TEXT PRIMARY KEY,
  task_id TEXT NOT NULL REFERENCES tasks(id),
  type TEXT NOT NULL CHECK (type IN ('technical_design', 'implementation', 'test_plan', 'security_review', 'documentation', 'architecture', 'other')),
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  metadata TEXT DEFAULT '{}',
  created_at TEXT NOT NULL,
  confidence REAL DEFAULT NULL
);
CREATE INDEX idx_work_products_confidence ON work_products (confidence);
CREATE INDEX idx_work_products_task ON work_products (task_id);

CREATE TABLE activity_log (
  id TEXT PRIMARY KEY,
  initiative_id TEXT NOT NULL REFERENCES initiatives(id),
  type TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  entity_type TEXT,
  summary TEXT NOT NULL,
  metadata TEXT,
  created_at TEXT NOT NULL
);
CREATE INDEX idx_activity_log_initiative ON activity_log (initiative_id);

CREATE TABLE agent_activity (
  id TEXT PRIMARY KEY,
  stream_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  task_id TEXT NOT NULL REFERENCES tasks(id),
  activity_description TEXT,
  phase TEXT,
  started_at TEXT NOT NULL,
  last_heartbeat TEXT NOT NULL,
  completed_at TEXT
);
CREATE INDEX idx_agent_activity_heartbeat ON agent_activity (last_heartbeat);
CREATE INDEX idx_agent_activity_task ON agent_activity (task_id);
CREATE INDEX idx_agent_activity_stream ON agent_activity (stream_id);

CREATE TABLE agent_handoffs (
  id TEXT PRIMARY KEY,
  task_id TEXT NOT NULL REFERENCES tasks(id),
  from_agent TEXT NOT NULL,
  to_agent TEXT NOT NULL,
  work_product_id TEXT NOT NULL,
  handoff_context TEXT NOT NULL,
  chain_position INTEGER NOT NULL,
  chain_length INTEGER NOT NULL,
  created_at TEXT NOT NULL
);
CREATE INDEX idx_handoffs_agents ON agent_handoffs (from_agent, to_agent);
CREATE INDEX idx_handoffs_task ON agent_handoffs (task_id, chain_position);

CREATE TABLE agent_performance (
  id TEXT PRIMARY KEY,
  agent_id TEXT NOT NULL,
  task_id TEXT NOT NULL REFERENCES tasks(id),
  work_product_type TEXT,
  complexity TEXT,
  outcome TEXT NOT NULL CHECK (outcome IN ('success', 'failure', 'blocked', 'reassigned')),
  duration_ms INTEGER,
  created_at TEXT NOT NULL
);
CREATE INDEX idx_agent_perf_created ON agent_performance (created_at);
CREATE INDEX idx_agent_perf_type ON agent_performance (agent_id, work_product_type);
CREATE INDEX idx_agent_perf_outcome ON agent_performance (agent_id, outcome);
CREATE INDEX idx_agent_perf_agent ON agent_performance (agent_id);

CREATE TABLE checkpoints (
  id TEXT PRIMARY KEY,
  task_id TEXT NOT NULL REFERENCES tasks(id),
  sequence INTEGER NOT NULL,
  trigger TEXT NOT NULL CHECK (trigger IN ('auto_status', 'auto_subtask', 'manual', 'error')),
  task_status TEXT NOT NULL,
  task_notes TEXT,
  task_metadata TEXT,
  blocked_reason TEXT,
  assigned_agent TEXT,
  execution_phase TEXT,
  execution_step INTEGER,
  agent_context TEXT,
  draft_content TEXT,
  draft_type TEXT,
  subtask_states TEXT DEFAULT '[]',
  created_at TEXT NOT NULL,
  expires_at TEXT,
  iteration_config TEXT DEFAULT NULL,
  iteration_number INTEGER DEFAULT 0,
  iteration_history TEXT DEFAULT '[]',
  completion_promises TEXT DEFAULT '[]',
  validation_state TEXT DEFAULT NULL
);
CREATE INDEX idx_checkpoints_iteration ON checkpoints (task_id, iteration_number);
CREATE INDEX idx_checkpoints_expires ON checkpoints (expires_at);
CREATE INDEX idx_checkpoints_task ON checkpoints (task_id, sequence);

CREATE TABLE protocol_violations (
  id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL,
  initiative_id TEXT,
  violation_type TEXT NOT NULL CHECK (violation_type IN ('files_read_exceeded', 'code_written_directly', 'plan_created_directly', 'generic_agent_used', 'response_tokens_exceeded', 'work_product_not_stored')),
  severity TEXT NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
  context TEXT NOT NULL,
  suggestion TEXT,
  created_at TEXT NOT NULL
);
CREATE INDEX idx_violations_created ON protocol_violations (created_at);
CREATE INDEX idx_violations_severity ON protocol_violations (severity);
CREATE INDEX idx_violations_type ON protocol_violations (violation_type);
CREATE INDEX idx_violations_initiative ON protocol_violations (initiative_id);
CREATE INDEX idx_violations_session ON protocol_violations (session_id);

CREATE TABLE scope_change_requests (
  id TEXT PRIMARY KEY,
  prd_id TEXT NOT NULL REFERENCES prds(id),
  request_type TEXT NOT NULL CHECK (request_type IN ('add_task', 'modify_task', 'remove_task')),
  description TEXT NOT NULL,
  rationale TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'rejected')),
  created_at TEXT NOT NULL,
  reviewed_at TEXT,
  reviewed_by TEXT,
  review_notes TEXT
);
CREATE INDEX idx_scope_requests_created ON scope_change_requests (created_at);
CREATE INDEX idx_scope_requests_status ON scope_change_requests (status);
CREATE INDEX idx_scope_requests_prd ON scope_change_requests (prd_id);

