-- What people see of syncing: what a rule's titles mean in a course, and the list of courses.

-- Which item each title of the badge's rule was found to mean first, in the form of item_map. What is renamed
-- later stays what it was; a later namesake is another thing.
ALTER TABLE badge_course ADD COLUMN bound jsonb NOT NULL DEFAULT '[]';
